#include "opsis/datasets/resources.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/datasets/fetch.h"

namespace opsis::inline v1::datasets {
namespace {

// Sorted. To add a row, ask tests/oracle/datasets_resources.py how torchvision has it: the two are held against each other.
// torchvision knows MD5s alone. Behind one stands the SHA-256 of the file where another source states it for the same url, or for
// the same name and MD5: the checksums of TensorFlow Datasets; the prototype that torchvision once had of its data sets; Keras
// (CIFAR) and scikit-learn (LFW). Those of small lists of names and of QMNIST's labels were taken of bytes that have the MD5.
// Where sources disagree there is none, and none is of a copy packed anew, nor of what a client decompressed on its way:
// TensorFlow's of FGVC-Aircraft has a size that only a .tar can have.
// clang-format off
constexpr Resource kResources[] = {
    {"CIFAR10", "batches.meta", "", "5ff9c542aee3614f3951f8cda6e48888",
     "f962466ef690d46b226450fb9aadc74ba4bc64a76aa526b5827fe4bc5c7125cb"},
    {"CIFAR10", "cifar-10-python.tar.gz", "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a",
     "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"},
    {"CIFAR10", "data_batch_1", "", "c99cafc152244af753f735de768cd75f"},
    {"CIFAR10", "data_batch_2", "", "d4bba439e000b95fd0a9bffe97cbabec"},
    {"CIFAR10", "data_batch_3", "", "54ebc095f3ab1f0389bbae665268c751"},
    {"CIFAR10", "data_batch_4", "", "634d18415352ddfa80567beed471001a"},
    {"CIFAR10", "data_batch_5", "", "482c414d41f54cd18b22e5b47cb7c3cb"},
    {"CIFAR10", "test_batch", "", "40351d587109b95175f43aff81a1287e"},
    {"CIFAR100", "cifar-100-python.tar.gz", "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85",
     "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"},
    {"CIFAR100", "meta", "", "7973b15100ade9c7d40fb424638fde48",
     "a5d4786345c961390f865e93b434dbd5c6904ce880667e0cb888c97d449f28b9"},
    {"CIFAR100", "test", "", "f0ef6b0ae62326f3e7ffdfab6717acfc"},
    {"CIFAR100", "train", "", "16019d7e3df5f24257cddd939b257f8d"},
    {"CLEVRClassification", "CLEVR_v1.0.zip", "https://dl.fbaipublicfiles.com/clevr/CLEVR_v1.0.zip", "b11922020e72d0cd9154779b2d3d07d2",
     "5cd61cf1096ed20944df93c9adb31e74d189b8459a94f54ba00090e5c59936d1"},
    {"Caltech101", "caltech-101.zip", "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip", "3138e1922a9193bfa496528edbbc45d0",
     "331234750fc7f77520e50d9565e8b6907b03565e30320da1401130db08c61f91"},
    {"Caltech256", "256_ObjectCategories.tar", "https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar", "67b4f42ca05d46448c6bb8ecd2220f6d",
     "08ff01b03c65566014ae88eb0490dbe4419fc7ac4de726ee1163e39fd809543e"},
    {"CelebA", "identity_CelebA.txt", "https://drive.google.com/uc?id=1_ee_0u7vcNLOfNLegJRHmolfH5ICW-XS", "32bd1bd63d3c78cd57e08160ec5ed1e2",
     "c6143857c3e2630ac2da9f782e9c1232e5e59be993a9d44e8a7916c78a6158c0"},
    {"CelebA", "img_align_celeba.zip", "https://drive.google.com/uc?id=0B7EVK8r0v71pZjFTYXZWM3FlRnM", "00d2c5bc6d35e252742224ab0c1e8fcb",
     "46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74"},
    {"CelebA", "list_attr_celeba.txt", "https://drive.google.com/uc?id=0B7EVK8r0v71pblRyaVFSWGxPY0U", "75e246fa4810816ffd6ee81facbd244c",
     "f0e5da289d5ccf75ffe8811132694922b60f2af59256ed362afa03fefba324d0"},
    {"CelebA", "list_bbox_celeba.txt", "https://drive.google.com/uc?id=0B7EVK8r0v71pbThiMVRxWXZ4dU0", "00566efa6fedff7a56946cd1c10f1c16",
     "7487a82e57c4bb956c5445ae2df4a91ffa717e903c5fa22874ede0820c8ec41b"},
    {"CelebA", "list_eval_partition.txt", "https://drive.google.com/uc?id=0B7EVK8r0v71pY0NSMzRuSXJEVkk", "d32c9cbf5e040fd4025c592c306e6668",
     "fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7"},
    {"CelebA", "list_landmarks_align_celeba.txt", "https://drive.google.com/uc?id=0B7EVK8r0v71pd0FJY3Blby1HUTQ", "cc24ecafdb5b50baae59b03474781f8c",
     "6c02a87569907f6db2ba99019085697596730e8129f67a3d61659f198c48d43b"},
    {"Country211", "country211.tgz", "https://openaipublic.azureedge.net/clip/data/country211.tgz", "84988d7644798601126c29e9877aab6a",
     "c011343cdc1296a8c31ff1d7129cf0b5e5b8605462cffd24f89266d6e6f4da3c"},
    {"DTD", "dtd-r1.0.1.tar.gz", "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz", "fff73e5086ae6bdbea199a49dfb8a4c1",
     "e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205"},
    {"EMNIST", "gzip.zip", "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip", "58c8d27c78d21e728a6bc7b3cc06412e",
     "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"},
    {"EuroSAT", "EuroSAT.zip", "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip", "c8fa014336c82ac7804f0398fcb19387",
     "8ebea626349354c5328b142b96d0430e647051f26efc2dc974c843f25ecf70bd"},
    {"FER2013", "fer2013.csv", "", "f8428a1edbd21e88f42c73edd2a14f95"},
    {"FER2013", "icml_face_data.csv", "", "b114b9e04e6949e5fe8b6a98b3892b1d"},
    {"FER2013", "test.csv", "", "b02c2298636a634e8c2faabbf3ea9a23"},
    {"FER2013", "train.csv", "", "3f0dfb3d3fd99c811a1299cb947e3131"},
    {"FGVCAircraft", "fgvc-aircraft-2013b.tar.gz", "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz", ""},
    {"FashionMNIST", "t10k-images-idx3-ubyte.gz", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79",
     "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
    {"FashionMNIST", "t10k-labels-idx1-ubyte.gz", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310",
     "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
    {"FashionMNIST", "train-images-idx3-ubyte.gz", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
     "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
    {"FashionMNIST", "train-labels-idx1-ubyte.gz", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe",
     "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
    {"Flowers102", "102flowers.tgz", "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/102flowers.tgz", "52808999861908f626f3c1f4e79d11fa",
     "2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246"},
    {"Flowers102", "imagelabels.mat", "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/imagelabels.mat", "e0620be6f572b9609742df49c70aed4d",
     "4903e94206bac23bf772aadf06451916df56b58fc483a62db32a97b82656651d"},
    {"Flowers102", "setid.mat", "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/setid.mat", "a5357ecc9cb78c4bef273ce3793fc85c",
     "46b8678f91fd95d3c8f4feab80d271a6c834a1dd896fe29fd3e6ad9ce5c8dccd"},
    {"Food101", "food-101.tar.gz", "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz", "85eeb15f3717b99a5da872d97d918f87",
     "d97d15e438b7f4498f96086a4f7e2fa42a32f2712e87d3295441b2b6314053a4"},
    {"GTSRB", "GTSRB-Training_fixed.zip", "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478",
     "df4144942083645bd60b594de348aa6930126c3e0e5de09e39611630abf8455a"},
    {"GTSRB", "GTSRB_Final_Test_GT.zip", "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5",
     "f94e5a7614d75845c74c04ddb26b8796b9e483f43541dd95dd5b726504e16d6d"},
    {"GTSRB", "GTSRB_Final_Test_Images.zip", "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185",
     "48ba6fab7e877eb64eaf8de99035b0aaecfbc279bee23e35deca4ac1d0a837fa"},
    {"HMDB51", "hmdb51_org.rar", "https://serre-lab.clps.brown.edu/wp-content/uploads/2013/10/hmdb51_org.rar", "",
     "9e714a0d8b76104d76e932764a7ca636f929fff66279cda3f2e326fa912a328e"},
    {"HMDB51", "test_train_splits.rar", "https://serre-lab.clps.brown.edu/wp-content/uploads/2013/10/test_train_splits.rar", "15e67781e70dcfbdce2d7dbb9b3344b5",
     "229c94f845720d01eb3946d39f39292ea962d50a18136484aa47c1eba251d2b7"},
    {"INaturalist", "2017.tgz", "https://ml-inat-competition-datasets.s3.amazonaws.com/2017/train_val_images.tar.gz", "7c784ea5e424efaec655bd392f87301f",
     "c7675e4a3190a13ccd0e1b9d3ae6c6c5de978ac8e794c5623503f1e7880ce4a1"},
    {"INaturalist", "2018.tgz", "https://ml-inat-competition-datasets.s3.amazonaws.com/2018/train_val2018.tar.gz", "b1c6952ce38f31868cc50ea72d066cc3",
     "276522b02b65d98ee5168a17415b2b1ec971b035bd62959e37b80b1092130495"},
    {"INaturalist", "2019.tgz", "https://ml-inat-competition-datasets.s3.amazonaws.com/2019/train_val2019.tar.gz", "c60a6e2962c9b8ccbd458d12c8582644"},
    {"INaturalist", "2021_train.tgz", "https://ml-inat-competition-datasets.s3.amazonaws.com/2021/train.tar.gz", "e0526d53c7f7b2e3167b2b43bb2690ed",
     "5a9093b2174ac08538435d79f3c6fa4b5d40c72a49b7d9a7b24b5e48f9e4f5d9"},
    {"INaturalist", "2021_train_mini.tgz", "https://ml-inat-competition-datasets.s3.amazonaws.com/2021/train_mini.tar.gz", "db6ed8330e634445efc8fec83ae81442",
     "faedb949568676e35cc0088b78090a761ab29e30f53edaa65dcad87940fdc7b5"},
    {"INaturalist", "2021_valid.tgz", "https://ml-inat-competition-datasets.s3.amazonaws.com/2021/val.tar.gz", "f6f6e0e242e3d4c9569ba56400938afc",
     "f162b45fed0f676839f335968990fa0f236433d6123bb07b7591f6732c56455d"},
    {"ImageNet", "ILSVRC2012_devkit_t12.tar.gz", "", "fa75699e90414af021442c21a62c3abf",
     "b59243268c0d266621fd587d2018f69e906fb22875aca0e295b48cafaa927953"},
    {"ImageNet", "ILSVRC2012_img_train.tar", "", "1d675b47d978889d74fa0da5fadfb00e",
     "b08200a27a8e34218a0e58fde36b0fe8f73bc377f4acea2d91602057c3ca45bb"},
    {"ImageNet", "ILSVRC2012_img_val.tar", "", "29b22e2961454d5413ddabcf34fc5622",
     "c7e06a6c0baccf06d8dbeb6577d71efff84673a5dbdd50633ab44f8ea0456ae0"},
    {"Imagenette", "imagenette2-160.tgz", "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz", "e793b78cc4c9e9a4ccc0c1155377a412",
     "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5"},
    {"Imagenette", "imagenette2-320.tgz", "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-320.tgz", "3df6f0d01a2c9592104656642f5e78a3",
     "569b4497c98db6dd29f335d1f109cf315fe127053cedf69010d047f0188e158c"},
    {"Imagenette", "imagenette2.tgz", "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2.tgz", "fe2fc210e6bb7c5664d602c3cd71e612",
     "6cbfac238434d89fe99e651496f0812ebc7a10fa62bd42d6874042bf01de4efd"},
    {"KMNIST", "t10k-images-idx3-ubyte.gz", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7",
     "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"},
    {"KMNIST", "t10k-labels-idx1-ubyte.gz", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134",
     "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"},
    {"KMNIST", "train-images-idx3-ubyte.gz", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7",
     "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"},
    {"KMNIST", "train-labels-idx1-ubyte.gz", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344",
     "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"},
    {"Kinetics", "k400_test_path.txt", "https://s3.amazonaws.com/kinetics/400/test/k400_test_path.txt", ""},
    {"Kinetics", "k400_train_path.txt", "https://s3.amazonaws.com/kinetics/400/train/k400_train_path.txt", ""},
    {"Kinetics", "k400_val_path.txt", "https://s3.amazonaws.com/kinetics/400/val/k400_val_path.txt", ""},
    {"Kinetics", "k600_test_path.txt", "https://s3.amazonaws.com/kinetics/600/test/k600_test_path.txt", ""},
    {"Kinetics", "k600_train_path.txt", "https://s3.amazonaws.com/kinetics/600/train/k600_train_path.txt", ""},
    {"Kinetics", "k600_val_path.txt", "https://s3.amazonaws.com/kinetics/600/val/k600_val_path.txt", ""},
    {"Kinetics", "k700_2020_test_path.txt", "https://s3.amazonaws.com/kinetics/700_2020/test/k700_2020_test_path.txt", ""},
    {"Kinetics", "k700_2020_train_path.txt", "https://s3.amazonaws.com/kinetics/700_2020/train/k700_2020_train_path.txt", ""},
    {"Kinetics", "k700_2020_val_path.txt", "https://s3.amazonaws.com/kinetics/700_2020/val/k700_2020_val_path.txt", ""},
    {"Kinetics", "test.csv", "https://s3.amazonaws.com/kinetics/400/annotations/test.csv", ""},
    {"Kinetics", "test.csv", "https://s3.amazonaws.com/kinetics/600/annotations/test.csv", ""},
    {"Kinetics", "test.csv", "https://s3.amazonaws.com/kinetics/700_2020/annotations/test.csv", ""},
    {"Kinetics", "train.csv", "https://s3.amazonaws.com/kinetics/400/annotations/train.csv", ""},
    {"Kinetics", "train.csv", "https://s3.amazonaws.com/kinetics/600/annotations/train.csv", ""},
    {"Kinetics", "train.csv", "https://s3.amazonaws.com/kinetics/700_2020/annotations/train.csv", ""},
    {"Kinetics", "val.csv", "https://s3.amazonaws.com/kinetics/400/annotations/val.csv", ""},
    {"Kinetics", "val.csv", "https://s3.amazonaws.com/kinetics/600/annotations/val.csv", ""},
    {"Kinetics", "val.csv", "https://s3.amazonaws.com/kinetics/700_2020/annotations/val.csv", ""},
    {"Kitti", "data_object_image_2.zip", "https://s3.eu-central-1.amazonaws.com/avg-kitti/data_object_image_2.zip", "",
     "351c5a2aa0cd9238b50174a3a62b846bc5855da256b82a196431d60ff8d43617"},
    {"Kitti", "data_object_label_2.zip", "https://s3.eu-central-1.amazonaws.com/avg-kitti/data_object_label_2.zip", "",
     "4efc76220d867e1c31bb980bbf8cbc02599f02a9cb4350effa98dbb04aaed880"},
    {"LFW", "lfw-deepfunneled.tgz", "", "68331da3eb755a505a502b5aacb3c201",
     "08575363d69edaed9a7c3ccb9e2eebd76c91bc1011b2baaf725f8d1284bf3a2f"},
    {"LFW", "lfw-funneled.tgz", "", "1b42dfed7d15c9b2dd63d5e5840c86ad",
     "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a"},
    {"LFW", "lfw-names.txt", "", "a6d0a479bd074669f656265a6e693f6d",
     "403cd39411ee297f99f69241959bd8f0496b44377711913a76ccdd8562874164"},
    {"LFW", "lfw.tgz", "", "a17d05bd522c52d84eca14327a23d494",
     "055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0"},
    {"LFW", "pairs.txt", "", "9f1ba174e4e1c508ff7cdf10ac338a7d",
     "ea42330c62c92989f9d7c03237ed5d591365e89b3e649747777b70e692dc1592"},
    {"LFW", "pairsDevTest.txt", "", "5132f7440eb68cf58910c8a45a2ac10b",
     "7cb06600ea8b2814ac26e946201cdb304296262aad67d046a16a7ec85d0ff87c"},
    {"LFW", "pairsDevTrain.txt", "", "4f27cbf15b2da4a85c1907eb4181ad21",
     "1d454dada7dfeca0e7eab6f65dc4e97a6312d44cf142207be28d688be92aabfa"},
    {"LFW", "people.txt", "", "450f0863dd89e85e73936a6d71a3474b",
     "bc8fa2b7f25c895cf7efb6de4f4fc27ca8b8d1cfa63350ad8b96eae2b198d365"},
    {"LFW", "peopleDevTest.txt", "", "e4bf5be0a43b5dcd9dc5ccfcb8fb19c5",
     "c3ed1f90499473401542101a56c14c1d82396bb8218c67a356d7460601047555"},
    {"LFW", "peopleDevTrain.txt", "", "54eaac34beb6d042ed3a7d883e247a21",
     "2e58df13ba4cc143189336e001cc2c195f1dfa5b29a6475c02857be353c2a2fa"},
    {"MNIST", "t10k-images-idx3-ubyte.gz", "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3",
     "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
    {"MNIST", "t10k-images-idx3-ubyte.gz", "http://yann.lecun.com/exdb/mnist/t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3",
     "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
    {"MNIST", "t10k-labels-idx1-ubyte.gz", "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c",
     "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
    {"MNIST", "t10k-labels-idx1-ubyte.gz", "http://yann.lecun.com/exdb/mnist/t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c",
     "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
    {"MNIST", "train-images-idx3-ubyte.gz", "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873",
     "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
    {"MNIST", "train-images-idx3-ubyte.gz", "http://yann.lecun.com/exdb/mnist/train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873",
     "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
    {"MNIST", "train-labels-idx1-ubyte.gz", "https://ossci-datasets.s3.amazonaws.com/mnist/train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432",
     "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
    {"MNIST", "train-labels-idx1-ubyte.gz", "http://yann.lecun.com/exdb/mnist/train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432",
     "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
    {"Middlebury2014Stereo", "Adirondack-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Adirondack-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Adirondack-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Adirondack-perfect.zip", ""},
    {"Middlebury2014Stereo", "Backpack-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Backpack-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Backpack-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Backpack-perfect.zip", ""},
    {"Middlebury2014Stereo", "Bicycle1-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Bicycle1-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Bicycle1-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Bicycle1-perfect.zip", ""},
    {"Middlebury2014Stereo", "Cable-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Cable-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Cable-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Cable-perfect.zip", ""},
    {"Middlebury2014Stereo", "Classroom1-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Classroom1-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Classroom1-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Classroom1-perfect.zip", ""},
    {"Middlebury2014Stereo", "Couch-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Couch-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Couch-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Couch-perfect.zip", ""},
    {"Middlebury2014Stereo", "Flowers-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Flowers-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Flowers-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Flowers-perfect.zip", ""},
    {"Middlebury2014Stereo", "Jadeplant-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Jadeplant-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Jadeplant-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Jadeplant-perfect.zip", ""},
    {"Middlebury2014Stereo", "Mask-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Mask-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Mask-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Mask-perfect.zip", ""},
    {"Middlebury2014Stereo", "MiddEval3-data-F.zip", "https://vision.middlebury.edu/stereo/submit3/zip/MiddEval3-data-F.zip", ""},
    {"Middlebury2014Stereo", "Motorcycle-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Motorcycle-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Motorcycle-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Motorcycle-perfect.zip", ""},
    {"Middlebury2014Stereo", "Piano-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Piano-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Piano-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Piano-perfect.zip", ""},
    {"Middlebury2014Stereo", "Pipes-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Pipes-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Pipes-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Pipes-perfect.zip", ""},
    {"Middlebury2014Stereo", "Playroom-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Playroom-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Playroom-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Playroom-perfect.zip", ""},
    {"Middlebury2014Stereo", "Playtable-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Playtable-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Playtable-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Playtable-perfect.zip", ""},
    {"Middlebury2014Stereo", "Recycle-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Recycle-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Recycle-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Recycle-perfect.zip", ""},
    {"Middlebury2014Stereo", "Shelves-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Shelves-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Shelves-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Shelves-perfect.zip", ""},
    {"Middlebury2014Stereo", "Shopvac-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Shopvac-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Shopvac-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Shopvac-perfect.zip", ""},
    {"Middlebury2014Stereo", "Sticks-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Sticks-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Sticks-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Sticks-perfect.zip", ""},
    {"Middlebury2014Stereo", "Storage-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Storage-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Storage-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Storage-perfect.zip", ""},
    {"Middlebury2014Stereo", "Sword1-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Sword1-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Sword1-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Sword1-perfect.zip", ""},
    {"Middlebury2014Stereo", "Sword2-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Sword2-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Sword2-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Sword2-perfect.zip", ""},
    {"Middlebury2014Stereo", "Umbrella-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Umbrella-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Umbrella-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Umbrella-perfect.zip", ""},
    {"Middlebury2014Stereo", "Vintage-imperfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Vintage-imperfect.zip", ""},
    {"Middlebury2014Stereo", "Vintage-perfect.zip", "https://vision.middlebury.edu/stereo/data/scenes2014/zip/Vintage-perfect.zip", ""},
    {"MovingMNIST", "mnist_test_seq.npy", "http://www.cs.toronto.edu/~nitish/unsupervised_video/mnist_test_seq.npy", "be083ec986bfe91a449d63653c411eb2",
     "c2a3e8d3939c001ab77bf543f130157424efa486bb4d0974d2cebb773b13f8b3"},
    {"Omniglot", "images_background.zip", "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/images_background.zip", "68d2efa1b9178cc56df9314c21c6e718",
     "ad41ab679c8b5d90b271ef46be6987cc81211774a695c29dcc5367b2b26ee640"},
    {"Omniglot", "images_evaluation.zip", "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/images_evaluation.zip", "6b91aef0f799c5bb55b94e3f2daec811",
     "1f61a8f3366785b057fc117d9228e78a16e3d976c8953b2a10fcc74cf0609cee"},
    {"OxfordIIITPet", "annotations.tar.gz", "https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz", "95a8c909bbe2e81eed6a22bccdf3f68f",
     "52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91"},
    {"OxfordIIITPet", "images.tar.gz", "https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c",
     "67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d"},
    {"PCAM", "camelyonpatch_level_2_split_test_x.h5.gz", "https://drive.google.com/uc?id=1qV65ZqZvWzuIVthK8eVDhIwrbnsJdbg_", "d8c2d60d490dbd479f8199bdfa0cf6ec",
     "79174c2201ad521602a5888be8f36ee10875f37403dd3f2086caf2182ef87245"},
    {"PCAM", "camelyonpatch_level_2_split_test_y.h5.gz", "https://drive.google.com/uc?id=17BHrSrwWKjYsOgTMmoqrIjDy6Fa2o_gP", "60a7035772fbdb7f34eb86d4420cf66a",
     "0a522005fccc8bbd04c5a117bfaf81d8da2676f03a29d7499f71d0a0bd6068ef"},
    {"PCAM", "camelyonpatch_level_2_split_train_x.h5.gz", "https://drive.google.com/uc?id=1Ka0XfEMiwgCYPdTI-vv6eUElOBnKFKQ2", "1571f514728f59376b705fc836ff4b63",
     "d619e741468a7ab35c7e4a75e6821b7e7e6c9411705d45708f2a0efc8960656c"},
    {"PCAM", "camelyonpatch_level_2_split_train_y.h5.gz", "https://drive.google.com/uc?id=1269yhu3pZDP8UYFQs-NYs3FPwuK-nGSG", "35c2d7259d906cfc8143347bb8e05be7",
     "b74126d2c01b20d3661f9b46765d29cf4e4fba6faba29c8e0d09d406331ab75a"},
    {"PCAM", "camelyonpatch_level_2_split_valid_x.h5.gz", "https://drive.google.com/uc?id=1hgshYGWK8V-eGRy8LToWJJgDU_rXWVJ3", "d5b63470df7cfa627aeec8b9dc0c066e",
     "f82ee1670d027b4ec388048d9eabc2186b77c009655dae76d624c0ecb053ccb2"},
    {"PCAM", "camelyonpatch_level_2_split_valid_y.h5.gz", "https://drive.google.com/uc?id=1bH8ZRbhSVAhScTS0p9-ZzGnX91cHT3uO", "2b85f58b927af9964a4c15b8f7e8f179",
     "ce1ae30f08feb468447971cfd0472e7becd0ad96d877c64120c72571439ae48c"},
    {"PhotoTour", "liberty.zip", "http://icvl.ee.ic.ac.uk/vbalnt/liberty.zip", "fdd9152f138ea5ef2091746689176414"},
    {"PhotoTour", "liberty_harris.zip", "http://matthewalunbrown.com/patchdata/liberty_harris.zip", "c731fcfb3abb4091110d0ae8c7ba182c"},
    {"PhotoTour", "notredame.zip", "http://icvl.ee.ic.ac.uk/vbalnt/notredame.zip", "509eda8535847b8c0a90bbb210c83484"},
    {"PhotoTour", "notredame_harris.zip", "http://matthewalunbrown.com/patchdata/notredame_harris.zip", "69f8c90f78e171349abdf0307afefe4d"},
    {"PhotoTour", "yosemite.zip", "http://icvl.ee.ic.ac.uk/vbalnt/yosemite.zip", "533b2e8eb7ede31be40abc317b2fd4f0"},
    {"PhotoTour", "yosemite_harris.zip", "http://matthewalunbrown.com/patchdata/yosemite_harris.zip", "a73253d1c6fbd3ba2613c45065c00d46"},
    {"Places365", "categories_places365.txt", "", "06c963b85866bd0649f97cb43dd16673",
     "2affba635eb657e7ca95f4e6cc69bd9fac29ef4c32aeb83cafdfcd06ec6a1ea6"},
    {"Places365", "filelist_places365-challenge.tar", "http://data.csail.mit.edu/places/places365/filelist_places365-challenge.tar", "70a8307e459c3de41690a7c76c931734",
     "9821d8140c77e84bbed92ead80a14c74a2c3a24a1fe7738875b4e318d7655c36"},
    {"Places365", "filelist_places365-standard.tar", "http://data.csail.mit.edu/places/places365/filelist_places365-standard.tar", "35a0585fee1fa656440f3ab298f8479c",
     "520699e00d69b63ddc29fac54645aa00ce1c10ca42e288960aa1cf791d6e9aa9"},
    {"Places365", "places365_test.txt", "", "2fce8233fe493576d724142e45d93653"},
    {"Places365", "places365_train_challenge.txt", "", "b2931dc997b8c33c27e7329c073a6b57"},
    {"Places365", "places365_train_standard.txt", "", "30f37515461640559006b8329efbed1a"},
    {"Places365", "places365_val.txt", "", "e9f2fd57bfd9d07630173f4e8708e4b1"},
    {"Places365", "test_256.tar", "http://data.csail.mit.edu/places/places365/test_256.tar", "f532f6ad7b582262a2ec8009075e186b",
     "037ee8180369bdde46636341b92900d4bcb8ea000c026a1fd3e0e9827a8702a1"},
    {"Places365", "test_large.tar", "http://data.csail.mit.edu/places/places365/test_large.tar", "41a4b6b724b1d2cd862fb3871ed59913",
     "4fae1d859035fe800a7697c27e5e69d78eb292d4cf12d84798c497b23b46b8e1"},
    {"Places365", "train_256_places365challenge.tar", "http://data.csail.mit.edu/places/places365/train_256_places365challenge.tar", "741915038a5e3471ec7332404dfb64ef",
     "250d25cf7da1e69df2470bbc635571728b98301f52eb12ea5f21ca899911666a"},
    {"Places365", "train_256_places365standard.tar", "http://data.csail.mit.edu/places/places365/train_256_places365standard.tar", "53ca1c756c3d1e7809517cc47c5561c5",
     "0ade5d7d38c682aa0203014a2b99ad3bf608bf1de0f151dc0d80efba54660a0a"},
    {"Places365", "train_large_places365challenge.tar", "http://data.csail.mit.edu/places/places365/train_large_places365challenge.tar", "605f18e68e510c82b958664ea134545f",
     "f5ddac4de01865a89768ffe066b8f1abb4f0d7a39cd06770aea0a49e3996d91f"},
    {"Places365", "train_large_places365standard.tar", "http://data.csail.mit.edu/places/places365/train_large_places365standard.tar", "67e186b496a84c929568076ed01a8aa1",
     "dd232ce786836fcb0aa6d30032a95de095e79ed9ff08faeb16309a89eb8f3c97"},
    {"Places365", "val_256.tar", "http://data.csail.mit.edu/places/places365/val_256.tar", "e27b17d8d44f4af9a78502beb927f808",
     "24b4e639ef12a0012af525bc4cb443e4ab4aaea8369a1fb009b70e4a4aad5d48"},
    {"Places365", "val_large.tar", "http://data.csail.mit.edu/places/places365/val_large.tar", "9b71c4993ad89d2d8bcbdc4aef38042f",
     "ddd71c418592a4c230645e238f9e52de77247461d68cd9a14a080a9ca6f27df6"},
    {"QMNIST", "qmnist-test-images-idx3-ubyte.gz", "https://raw.githubusercontent.com/facebookresearch/qmnist/master/qmnist-test-images-idx3-ubyte.gz", "1394631089c404de565df7b7aeaf9412",
     "43fc22bf7498b8fc98de98369d72f752d0deabc280a43a7bcc364ab19e57b375"},
    {"QMNIST", "qmnist-test-labels-idx2-int.gz", "https://raw.githubusercontent.com/facebookresearch/qmnist/master/qmnist-test-labels-idx2-int.gz", "5b5b05890a5e13444e108efe57b788aa",
     "9fbcbe594c3766fdf4f0b15c5165dc0d1e57ac604e01422608bb72c906030d06"},
    {"QMNIST", "qmnist-train-images-idx3-ubyte.gz", "https://raw.githubusercontent.com/facebookresearch/qmnist/master/qmnist-train-images-idx3-ubyte.gz", "ed72d4157d28c017586c42bc6afe6370",
     "9e26a7bf1683614e065d7b76460ccd52807165b3f22561fb782bd9f38c52b51d"},
    {"QMNIST", "qmnist-train-labels-idx2-int.gz", "https://raw.githubusercontent.com/facebookresearch/qmnist/master/qmnist-train-labels-idx2-int.gz", "0058f8dd561b90ffdd0f734c6a30e5e4",
     "2c05dc77f6b916b38e455e97ab129a42a444f3dbef09b278a366f82904e0dd9f"},
    {"QMNIST", "xnist-images-idx3-ubyte.xz", "https://raw.githubusercontent.com/facebookresearch/qmnist/master/xnist-images-idx3-ubyte.xz", "7f124b3b8ab81486c9d8c2749c17f834",
     "f075553993026d4359ded42208eff77a1941d3963c1eff49d6015814f15f0984"},
    {"QMNIST", "xnist-labels-idx2-int.xz", "https://raw.githubusercontent.com/facebookresearch/qmnist/master/xnist-labels-idx2-int.xz", "5ed0e788978e45d4a8bd4b7caec3d79d",
     "db042968723ec2b7aed5f1beac25d2b6e983b9286d4f4bf725f1086e5ae55c4f"},
    {"RenderedSST2", "rendered-sst2.tgz", "https://openaipublic.azureedge.net/clip/data/rendered-sst2.tgz", "2384d08e9dcfa4bd55b324e610496ee5"},
    {"SBDataset", "benchmark.tgz", "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz", "82b4d87ceb2ed10f6038a1cba92111cb",
     "6a5a2918d5c73ce032fdeba876574d150d9d04113ab87540a1304cbcc715be53"},
    {"SBDataset", "train_noval.txt", "https://www.cs.cornell.edu/~bharathh/train_noval.txt", "79bff800c5f0b1ec6b21080a3c066722",
     "0b2068f7a359d2907431803e1cd63bf6162da37d7d503b589d3b08c6fd0c2432"},
    {"SBU", "SBUCaptionedPhotoDataset.tar.gz", "https://www.cs.rice.edu/~vo9/sbucaptions/SBUCaptionedPhotoDataset.tar.gz", "9aec147b3488753cf758b4d493422285",
     "2bf37d5e1c9e1c6eae7d5103030d58a7f2117fc5e8c6aa9620f0df165acebf09"},
    {"SEMEION", "semeion.data", "http://archive.ics.uci.edu/ml/machine-learning-databases/semeion/semeion.data", "cb545d371d2ce14ec121470795a77432",
     "f43228ae3da5ea6a3c95069d53450b86166770e3b719dcc333182128fe08d4b1"},
    {"STL10", "stl10_binary.tar.gz", "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz", "91f7769df0f17e558f3565bffb0c7dfb",
     "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866"},
    {"STL10", "test_X.bin", "", "7f263ba9f9e0b06b93213547f721ac82"},
    {"STL10", "test_y.bin", "", "36f9794fa4beb8a2c72628de14fa638e"},
    {"STL10", "train_X.bin", "", "918c2871b30a85fa023e0c44e0bee87f"},
    {"STL10", "train_y.bin", "", "5a34089d4802c674881badbb80307741"},
    {"STL10", "unlabeled_X.bin", "", "5242ba1fed5e4be9e1e742405eb56ca4"},
    {"SUN397", "SUN397.tar.gz", "http://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz", "8ca2778205c41d23104230ba66911c7a",
     "f404130965a7ad77bed5ececc71e720ab50f3cc1e1bb257257610d38f3b928ec"},
    {"SVHN", "extra_32x32.mat", "http://ufldl.stanford.edu/housenumbers/extra_32x32.mat", "a93ce644f1a588dc4d68dda5feec44a7",
     "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"},
    {"SVHN", "test_32x32.mat", "http://ufldl.stanford.edu/housenumbers/test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3",
     "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"},
    {"SVHN", "train_32x32.mat", "http://ufldl.stanford.edu/housenumbers/train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373",
     "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"},
    {"USPS", "usps.bz2", "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197",
     "3771e9dd6ba685185f89867b6e249233dd74652389f263963b3b741e994b034f"},
    {"USPS", "usps.t.bz2", "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118",
     "a9c0164e797d60142a50604917f0baa604f326e9a689698763793fa5d12ffc4e"},
    {"VOCDetection", "VOCtest_06-Nov-2007.tar", "https://thor.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar", "b6e924de25625d8de591ea690078ad9f",
     "6836888e2e01dca84577a849d339fa4f73e1e4f135d312430c4856b5609b4892"},
    {"VOCDetection", "VOCtrainval_03-May-2010.tar", "https://thor.robots.ox.ac.uk/pascal/VOC/voc2010/VOCtrainval_03-May-2010.tar", "da459979d0c395079b5c75ee67908abb",
     "1af4189cbe44323ab212bff7afbc7d0f55a267cc191eb3aac911037887e5c7d4"},
    {"VOCDetection", "VOCtrainval_06-Nov-2007.tar", "https://thor.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtrainval_06-Nov-2007.tar", "c52e279531787c972589f7e41ab4ae64",
     "7d8cd951101b0957ddfd7a530bdc8a94f06121cfc1e511bb5937e973020c7508"},
    {"VOCDetection", "VOCtrainval_11-May-2009.tar", "https://thor.robots.ox.ac.uk/pascal/VOC/voc2009/VOCtrainval_11-May-2009.tar", "a3e00b113cfcfebf17e343f59da3caa1",
     "11cbe1741fb5bdadbbca3c08e9ec62cd95c14884845527d50847bc2cf57e7fd6"},
    {"VOCDetection", "VOCtrainval_11-May-2012.tar", "https://thor.robots.ox.ac.uk/pascal/VOC/voc2008/VOCtrainval_14-Jul-2008.tar", "2629fa636546599198acfcfbfcf1904a",
     "7f0ca53c1b5a838fbe946965fc106c6e86832183240af5c88e3f6c306318d42e"},
    {"VOCDetection", "VOCtrainval_11-May-2012.tar", "https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar", "6cd6e144f989b92b3379bac3b3de84fd",
     "e14f763270cf193d0b5f74b169f44157a4b0c6efa708f4dd0ff78ee691763bcb"},
    {"VOCDetection", "VOCtrainval_25-May-2011.tar", "https://thor.robots.ox.ac.uk/pascal/VOC/voc2011/VOCtrainval_25-May-2011.tar", "6c3384ef61512963050cb5d687e5bf1e",
     "0a7f5f5d154f7290ec65ec3f78b72ef72c6d93ff6d79acd40dc222a9ee5248ba"},
    {"WIDERFace", "WIDER_test.zip", "https://drive.google.com/uc?id=1HIfDbVEWKmsYKJZm4lchTBDLW5N7dY5T", "e5d8f4248ed24c334bbd12f49c29dd40",
     "3b0313e11ea292ec58894b47ac4c0503b230e12540330845d70a7798241f88d3"},
    {"WIDERFace", "WIDER_train.zip", "https://drive.google.com/uc?id=15hGDLhsx8bLgLcIRD5DhYt5iBxnjNF1M", "3fedf70df600953d25982bcd13d91ba2",
     "e23b76129c825cafae8be944f65310b2e1ba1c76885afe732f179c41e5ed6d59"},
    {"WIDERFace", "WIDER_val.zip", "https://drive.google.com/uc?id=1GUCogbp16PMGa39thoMMeWxp7Rp5oM8Q", "dfa7d7e790efa35df3788964cf0bbaea",
     "f9efbd09f28c5d2d884be8c0eaef3967158c866a593fc36ab0413e4b2a58a17a"},
    {"WIDERFace", "wider_face_split.zip", "http://shuoyang1213.me/WIDERFACE/support/bbx_annotation/wider_face_split.zip", "0e3767bcf0e326556d407bf5bff5d27c",
     "c7561e4f5e7a118c249e0a5c5c902b0de90bbf120d7da9fa28d99041f68a8a5c"},
};
// clang-format on

// The innermost scope of this thread.
thread_local const OtherHashes* other_hashes = nullptr;

bool same_file(const Resource& a, const Resource& b) { return a.dataset == b.dataset && a.file == b.file && a.md5 == b.md5; }

}  // namespace

std::span<const Resource> resources() { return kResources; }

std::span<const Resource> resources(std::string_view dataset) {
  const auto* first =
      std::find_if(std::begin(kResources), std::end(kResources), [&](const Resource& row) { return row.dataset == dataset; });
  const auto* last = std::find_if(first, std::end(kResources), [&](const Resource& row) { return row.dataset != dataset; });
  return {first, last};
}

const Resource& resource(std::string_view dataset, std::string_view file) {
  std::vector<std::string_view> names;
  for (const auto& row : resources(dataset)) {
    if (row.file == file) return row;
    names.push_back(row.file);
  }
  raise<NotFoundError>("resource: {} has no file \"{}\"{}", dataset, file, did_you_mean(file, names));
}

OtherHashes::OtherHashes(std::map<std::string, std::string> hash_by_file)
    : hash_by_file_(std::move(hash_by_file)), outer_(std::exchange(other_hashes, this)) {}

OtherHashes::~OtherHashes() { other_hashes = outer_; }

FileHashes expected_hashes(const Resource& resource) {
  const auto name = text("{}/{}", resource.dataset, resource.file);
  for (const auto* scope = other_hashes; scope; scope = scope->outer_) {
    const auto found = scope->hash_by_file_.find(name);
    if (found == scope->hash_by_file_.end()) continue;
    constexpr size_t sha256_digits = 64;
    return found->second.size() == sha256_digits ? FileHashes{.sha256 = found->second} : FileHashes{.md5 = found->second};
  }
  return {.md5 = std::string(resource.md5), .sha256 = std::string(resource.sha256)};
}

bool is_intact(const Resource& resource, const std::filesystem::path& folder) {
  const auto hashes = expected_hashes(resource);
  return check_integrity(folder / resource.file, hashes.md5, hashes.sha256);
}

void check_resource(const Resource& resource, const std::filesystem::path& folder) {
  const auto file = folder / resource.file;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) {
    constexpr std::string_view rule = "{}: {} is not there";
    if (resource.url.empty()) raise<NotFoundError>(rule, resource.dataset, file.string());
    raise_with<NotFoundError>(WayOut::Download, "pass .download = true", rule, resource.dataset, file.string());
  }
  const auto hashes = expected_hashes(resource);
  const bool other_md5 = !check_integrity(file, hashes.md5);
  if (other_md5 || !check_integrity(file, "", hashes.sha256)) {
    const bool can_be_fetched = !resource.url.empty();
    raise_with<IntegrityError>(can_be_fetched ? WayOut::DownloadAgain : WayOut::None,
                               can_be_fetched ? "remove it and pass .download = true" : "",
                               "{}: {} is damaged: its {} is not {}", resource.dataset, file.string(),
                               other_md5 ? "MD5" : "SHA-256", other_md5 ? hashes.md5 : hashes.sha256);
  }
}

std::filesystem::path fetch_resource(const Resource& resource, const std::filesystem::path& folder) {
  const auto hashes = expected_hashes(resource);
  std::exception_ptr failed;
  for (const auto& row : resources(resource.dataset)) {
    if (row.url.empty() || !same_file(row, resource)) continue;
    try {
      return download_url(std::string(row.url), folder, std::string(row.file), hashes.md5, hashes.sha256);
    } catch (const Error&) {
      failed = std::current_exception();
    }
  }
  if (failed) std::rethrow_exception(failed);
  raise<NotFoundError>("{}: {} cannot be downloaded; put it into {}", resource.dataset, resource.file, folder.string());
}

void extract_unknown(const std::filesystem::path& archive, const std::filesystem::path& to, const ExtractOptions& options) {
  try {
    extract_archive(archive, to, options);
  } catch (const DecodeError& error) {
    if (error.way_out() == WayOut::RaiseLimits) throw;  // it may well be sound
    std::error_code failed;
    std::filesystem::remove(archive, failed);
    raise<DecodeError>("{}; {}", error.what(),
                       failed ? "remove it and download it once more" : "it is removed, to be downloaded once more");
  }
}

void fetch_and_extract(const Resource& resource, const std::filesystem::path& folder, const std::filesystem::path& to,
                       const ExtractOptions& options) {
  const auto archive = fetch_resource(resource, folder);
  const auto hashes = expected_hashes(resource);
  const bool known = !hashes.md5.empty() || !hashes.sha256.empty();
  (known ? extract_archive : extract_unknown)(archive, to.empty() ? folder : to, options);
}

}  // namespace opsis::inline v1::datasets
