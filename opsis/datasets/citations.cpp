#include "opsis/datasets/citations.h"

#include <algorithm>
#include <iterator>

namespace opsis::inline v1::datasets {
namespace {

constexpr std::string_view kByUrl = "https://creativecommons.org/licenses/by/4.0/",
                           kBySaUrl = "https://creativecommons.org/licenses/by-sa/4.0/",
                           kByNcSa3Url = "https://creativecommons.org/licenses/by-nc-sa/3.0/",
                           kByNcSa4Url = "https://creativecommons.org/licenses/by-nc-sa/4.0/";

// Sorted. A row has a licence only where one is known to be stated by those who made the data, and else the address of their page, or
// ends with the year.
// clang-format off
constexpr Citation kCitations[] = {
    {"CIFAR10", "A. Krizhevsky", "Learning Multiple Layers of Features from Tiny Images", 2009, "", "https://www.cs.toronto.edu/~kriz/cifar.html"},
    {"CIFAR100", "A. Krizhevsky", "Learning Multiple Layers of Features from Tiny Images", 2009, "", "https://www.cs.toronto.edu/~kriz/cifar.html"},
    {"CLEVRClassification", "J. Johnson, B. Hariharan, L. van der Maaten, L. Fei-Fei, C. L. Zitnick, R. Girshick", "CLEVR: A Diagnostic Dataset for Compositional Language and Elementary Visual Reasoning", 2017, "CC BY 4.0", kByUrl},
    {"CREStereo", "J. Li, P. Wang, P. Xiong, T. Cai, Z. Yan, L. Yang, J. Liu, H. Fan, S. Liu", "Practical Stereo Matching via Cascaded Recurrent Network with Adaptive Correlation", 2022},
    {"Caltech101", "L. Fei-Fei, R. Fergus, P. Perona", "Learning Generative Visual Models from Few Training Examples", 2004, "CC BY 4.0", kByUrl},
    {"Caltech256", "G. Griffin, A. Holub, P. Perona", "Caltech-256 Object Category Dataset", 2007, "CC BY 4.0", kByUrl},
    {"CarlaStereo", "G. Yang, J. Manela, M. Happold, D. Ramanan", "Hierarchical Deep Stereo Matching on High-resolution Images", 2019},
    {"CelebA", "Z. Liu, P. Luo, X. Wang, X. Tang", "Deep Learning Face Attributes in the Wild", 2015, "non-commercial research only", "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"},
    {"Cityscapes", "M. Cordts, M. Omran, S. Ramos, T. Rehfeld, M. Enzweiler, R. Benenson, U. Franke, S. Roth, B. Schiele", "The Cityscapes Dataset for Semantic Urban Scene Understanding", 2016, "its own, non-commercial", "https://www.cityscapes-dataset.com/license/"},
    {"CocoCaptions", "T.-Y. Lin, M. Maire, S. Belongie, J. Hays, P. Perona, D. Ramanan, P. Dollár, C. L. Zitnick", "Microsoft COCO: Common Objects in Context", 2014, "CC BY 4.0 (annotations)", kByUrl},
    {"CocoDetection", "T.-Y. Lin, M. Maire, S. Belongie, J. Hays, P. Perona, D. Ramanan, P. Dollár, C. L. Zitnick", "Microsoft COCO: Common Objects in Context", 2014, "CC BY 4.0 (annotations)", kByUrl},
    {"Country211", "A. Radford, J. W. Kim, C. Hallacy, A. Ramesh, G. Goh, S. Agarwal, et al.", "Learning Transferable Visual Models From Natural Language Supervision", 2021},
    {"DTD", "M. Cimpoi, S. Maji, I. Kokkinos, S. Mohamed, A. Vedaldi", "Describing Textures in the Wild", 2014, "research purposes", "https://www.robots.ox.ac.uk/~vgg/data/dtd/"},
    {"Digits", "E. Alpaydin, C. Kaynak", "Optical Recognition of Handwritten Digits", 1998, "CC BY 4.0", kByUrl},
    {"EMNIST", "G. Cohen, S. Afshar, J. Tapson, A. van Schaik", "EMNIST: an extension of MNIST to handwritten letters", 2017},
    {"ETH3DStereo", "T. Schöps, J. L. Schönberger, S. Galliani, T. Sattler, K. Schindler, M. Pollefeys, A. Geiger", "A Multi-View Stereo Benchmark with High-Resolution Images and Multi-Camera Videos", 2017, "CC BY-NC-SA 4.0", kByNcSa4Url},
    {"EuroSAT", "P. Helber, B. Bischke, A. Dengel, D. Borth", "EuroSAT: A Novel Dataset and Deep Learning Benchmark for Land Use and Land Cover Classification", 2019, "MIT", "https://github.com/phelber/EuroSAT"},
    {"FER2013", "I. J. Goodfellow, D. Erhan, P. L. Carrier, A. Courville, et al.", "Challenges in Representation Learning: A report on three machine learning contests", 2013},
    {"FGVCAircraft", "S. Maji, J. Kannala, E. Rahtu, M. Blaschko, A. Vedaldi", "Fine-Grained Visual Classification of Aircraft", 2013, "non-commercial research only", "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/"},
    {"FallingThingsStereo", "J. Tremblay, T. To, S. Birchfield", "Falling Things: A Synthetic Dataset for 3D Object Detection and Pose Estimation", 2018, "CC BY-NC-SA 4.0", kByNcSa4Url},
    {"FashionMNIST", "H. Xiao, K. Rasul, R. Vollgraf", "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", 2017, "MIT", "https://github.com/zalandoresearch/fashion-mnist/blob/master/LICENSE"},
    {"Flickr30k", "P. Young, A. Lai, M. Hodosh, J. Hockenmaier", "From image descriptions to visual denotations: New similarity metrics for semantic inference over event descriptions", 2014},
    {"Flickr8k", "M. Hodosh, P. Young, J. Hockenmaier", "Framing Image Description as a Ranking Task: Data, Models and Evaluation Metrics", 2013},
    {"Flowers102", "M.-E. Nilsback, A. Zisserman", "Automated Flower Classification over a Large Number of Classes", 2008, "", "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"},
    {"FlyingChairs", "A. Dosovitskiy, P. Fischer, E. Ilg, P. Häusser, C. Hazirbas, V. Golkov, P. van der Smagt, D. Cremers, T. Brox", "FlowNet: Learning Optical Flow with Convolutional Networks", 2015, "research only, no commercial use", "https://lmb.informatik.uni-freiburg.de/resources/datasets/FlyingChairs.en.html"},
    {"FlyingThings3D", "N. Mayer, E. Ilg, P. Häusser, P. Fischer, D. Cremers, A. Dosovitskiy, T. Brox", "A Large Dataset to Train Convolutional Networks for Disparity, Optical Flow, and Scene Flow Estimation", 2016, "research only, no commercial use", "https://lmb.informatik.uni-freiburg.de/resources/datasets/SceneFlowDatasets.en.html"},
    {"Food101", "L. Bossard, M. Guillaumin, L. Van Gool", "Food-101 - Mining Discriminative Components with Random Forests", 2014, "scientific fair use only", "https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/"},
    {"GTSRB", "J. Stallkamp, M. Schlipsing, J. Salmen, C. Igel", "Man vs. computer: Benchmarking machine learning algorithms for traffic sign recognition", 2012},
    {"HD1K", "D. Kondermann, R. Nair, K. Honauer, K. Krispin, J. Andrulis, A. Brock, et al.", "The HCI Benchmark Suite: Stereo and Flow Ground Truth with Uncertainties for Urban Autonomous Driving", 2016},
    {"HMDB51", "H. Kuehne, H. Jhuang, E. Garrote, T. Poggio, T. Serre", "HMDB: A Large Video Database for Human Motion Recognition", 2011, "CC BY 4.0", kByUrl},
    {"INaturalist", "G. Van Horn, O. Mac Aodha, Y. Song, Y. Cui, C. Sun, A. Shepard, H. Adam, P. Perona, S. Belongie", "The iNaturalist Species Classification and Detection Dataset", 2018, "non-commercial research and education only", "https://github.com/visipedia/inat_comp"},
    {"ImageNet", "O. Russakovsky, J. Deng, H. Su, J. Krause, S. Satheesh, S. Ma, Z. Huang, A. Karpathy, A. Khosla, M. Bernstein, A. C. Berg, L. Fei-Fei", "ImageNet Large Scale Visual Recognition Challenge", 2015, "its own, non-commercial research", "https://image-net.org/download"},
    {"Imagenette", "J. Howard", "Imagenette", 2019, "Apache-2.0", "https://github.com/fastai/imagenette/blob/master/LICENSE"},
    {"InStereo2k", "W. Bao, W. Wang, Y. Xu, Y. Guo, S. Hong, X. Zhang", "InStereo2K: a large real dataset for stereo matching in indoor scenes", 2020},
    {"KMNIST", "T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha", "Deep Learning for Classical Japanese Literature", 2018, "CC BY-SA 4.0", kBySaUrl},
    {"Kinetics", "W. Kay, J. Carreira, K. Simonyan, B. Zhang, C. Hillier, S. Vijayanarasimhan, et al.", "The Kinetics Human Action Video Dataset", 2017, "CC BY 4.0 (annotations)", kByUrl},
    {"Kitti", "A. Geiger, P. Lenz, R. Urtasun", "Are we ready for Autonomous Driving? The KITTI Vision Benchmark Suite", 2012, "CC BY-NC-SA 3.0", kByNcSa3Url},
    {"Kitti2012Stereo", "A. Geiger, P. Lenz, R. Urtasun", "Are we ready for Autonomous Driving? The KITTI Vision Benchmark Suite", 2012, "CC BY-NC-SA 3.0", kByNcSa3Url},
    {"Kitti2015Stereo", "M. Menze, A. Geiger", "Object Scene Flow for Autonomous Vehicles", 2015, "CC BY-NC-SA 3.0", kByNcSa3Url},
    {"KittiFlow", "M. Menze, A. Geiger", "Object Scene Flow for Autonomous Vehicles", 2015, "CC BY-NC-SA 3.0", kByNcSa3Url},
    {"LFWPairs", "G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller", "Labeled Faces in the Wild: A Database for Studying Face Recognition in Unconstrained Environments", 2007},
    {"LFWPeople", "G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller", "Labeled Faces in the Wild: A Database for Studying Face Recognition in Unconstrained Environments", 2007},
    {"LSUN", "F. Yu, A. Seff, Y. Zhang, S. Song, T. Funkhouser, J. Xiao", "LSUN: Construction of a Large-scale Image Dataset using Deep Learning with Humans in the Loop", 2015},
    {"LSUNClass", "F. Yu, A. Seff, Y. Zhang, S. Song, T. Funkhouser, J. Xiao", "LSUN: Construction of a Large-scale Image Dataset using Deep Learning with Humans in the Loop", 2015},
    {"MNIST", "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner", "Gradient-Based Learning Applied to Document Recognition", 1998, "", "http://yann.lecun.com/exdb/mnist/"},
    {"Middlebury2014Stereo", "D. Scharstein, H. Hirschmüller, Y. Kitajima, G. Krathwohl, N. Nešić, X. Wang, P. Westling", "High-Resolution Stereo Datasets with Subpixel-Accurate Ground Truth", 2014},
    {"MovingMNIST", "N. Srivastava, E. Mansimov, R. Salakhutdinov", "Unsupervised Learning of Video Representations using LSTMs", 2015, "", "http://www.cs.toronto.edu/~nitish/unsupervised_video/"},
    {"Omniglot", "B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum", "Human-level concept learning through probabilistic program induction", 2015, "MIT", "https://github.com/brendenlake/omniglot/blob/master/LICENSE"},
    {"OxfordIIITPet", "O. M. Parkhi, A. Vedaldi, A. Zisserman, C. V. Jawahar", "Cats and Dogs", 2012, "CC BY-SA 4.0", kBySaUrl},
    {"PCAM", "B. S. Veeling, J. Linmans, J. Winkens, T. Cohen, M. Welling", "Rotation Equivariant CNNs for Digital Pathology", 2018, "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"},
    {"PhotoTour", "S. A. J. Winder, M. Brown", "Learning Local Image Descriptors", 2007},
    {"Places365", "B. Zhou, A. Lapedriza, A. Khosla, A. Oliva, A. Torralba", "Places: A 10 Million Image Database for Scene Recognition", 2017},
    {"QMNIST", "C. Yadav, L. Bottou", "Cold Case: The Lost MNIST Digits", 2019},
    {"RenderedSST2", "A. Radford, J. W. Kim, C. Hallacy, A. Ramesh, G. Goh, S. Agarwal, et al.", "Learning Transferable Visual Models From Natural Language Supervision", 2021},
    {"SBDataset", "B. Hariharan, P. Arbeláez, L. Bourdev, S. Maji, J. Malik", "Semantic Contours from Inverse Detectors", 2011},
    {"SBU", "V. Ordonez, G. Kulkarni, T. L. Berg", "Im2Text: Describing Images Using 1 Million Captioned Photographs", 2011},
    {"SEMEION", "M. Buscema", "Semeion Handwritten Digit", 1998, "CC BY 4.0", kByUrl},
    {"STL10", "A. Coates, H. Lee, A. Y. Ng", "An Analysis of Single-Layer Networks in Unsupervised Feature Learning", 2011, "", "https://cs.stanford.edu/~acoates/stl10/"},
    {"SUN397", "J. Xiao, J. Hays, K. A. Ehinger, A. Oliva, A. Torralba", "SUN Database: Large-scale Scene Recognition from Abbey to Zoo", 2010},
    {"SVHN", "Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng", "Reading Digits in Natural Images with Unsupervised Feature Learning", 2011, "non-commercial use only", "http://ufldl.stanford.edu/housenumbers/"},
    {"SceneFlowStereo", "N. Mayer, E. Ilg, P. Häusser, P. Fischer, D. Cremers, A. Dosovitskiy, T. Brox", "A Large Dataset to Train Convolutional Networks for Disparity, Optical Flow, and Scene Flow Estimation", 2016, "research only, no commercial use", "https://lmb.informatik.uni-freiburg.de/resources/datasets/SceneFlowDatasets.en.html"},
    {"Sintel", "D. J. Butler, J. Wulff, G. B. Stanley, M. J. Black", "A Naturalistic Open Source Movie for Optical Flow Evaluation", 2012},
    {"SintelStereo", "D. J. Butler, J. Wulff, G. B. Stanley, M. J. Black", "A Naturalistic Open Source Movie for Optical Flow Evaluation", 2012},
    {"StanfordCars", "J. Krause, M. Stark, J. Deng, L. Fei-Fei", "3D Object Representations for Fine-Grained Categorization", 2013},
    {"UCF101", "K. Soomro, A. R. Zamir, M. Shah", "UCF101: A Dataset of 101 Human Actions Classes From Videos in The Wild", 2012},
    {"USPS", "J. J. Hull", "A Database for Handwritten Text Recognition Research", 1994},
    {"VOCDetection", "M. Everingham, L. Van Gool, C. K. I. Williams, J. Winn, A. Zisserman", "The Pascal Visual Object Classes (VOC) Challenge", 2010, "Flickr's terms of use (photos)", "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/"},
    {"VOCSegmentation", "M. Everingham, L. Van Gool, C. K. I. Williams, J. Winn, A. Zisserman", "The Pascal Visual Object Classes (VOC) Challenge", 2010, "Flickr's terms of use (photos)", "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/"},
    {"WIDERFace", "S. Yang, P. Luo, C. C. Loy, X. Tang", "WIDER FACE: A Face Detection Benchmark", 2016},
};
// clang-format on

constexpr bool before(const Citation& a, const Citation& b) { return a.dataset < b.dataset; }
static_assert(std::is_sorted(std::begin(kCitations), std::end(kCitations), before), "citations must be sorted");

}  // namespace

std::span<const Citation> citations() { return kCitations; }

const Citation* citation(std::string_view dataset) {
  const auto* found = std::lower_bound(std::begin(kCitations), std::end(kCitations), Citation{.dataset = dataset}, before);
  return found != std::end(kCitations) && found->dataset == dataset ? found : nullptr;
}

}  // namespace opsis::inline v1::datasets
