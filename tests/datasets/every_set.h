// One copy of every data set, for what must hold of all of them. To add a set, add a line.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "opsis/datasets.h"
#include "opsis/io/image.h"
#include "tests/datasets/opened.h"

namespace opsis::datasets {

/// Calls visit(std::type_identity<Data>(), name, options) for each of them, while the hashes of its files hold: the copies that
/// the oracle made, and some pictures of our own. All but DatasetFolder, which has no pictures before somebody reads them.
template <class Visit>
class EverySet {
 public:
  explicit EverySet(Visit visit) : visit_(std::move(visit)) {}

  void go() {
    const auto nothing = [](auto&, const oracle::Case&) {};
    const auto split = [](auto& options, const oracle::Case& c) { options.split = c.text("split"); };
    const auto train = [](auto& options, const oracle::Case& c) { options.train = c.boolean("train"); };
    const auto voc = [](auto& options, const oracle::Case& c) {
      options.year = c.text("year");
      options.image_set = c.text("image_set");
    };
    const auto fold = [](auto& options, const oracle::Case& c) {
      options.annotation_path = c.text("annotation_path");
      options.frames_per_clip = 7;
      options.step_between_clips = 6;
      options.fold = 1;
    };
    const auto instances = [](auto& options, const oracle::Case&) {
      options.annFile = options.root / "instances.json";
      options.root /= "pictures";
    };

    of<MNIST>("MNIST", "datasets_classified/mnist", train);
    of<FashionMNIST>("FashionMNIST", "datasets_classified/mnist", train, "FashionMNIST");
    of<KMNIST>("KMNIST", "datasets_classified/mnist", train, "KMNIST");
    of<EMNIST>("EMNIST", "datasets_classified/emnist", [&](auto& options, const oracle::Case& c) {
      split(options, c);
      train(options, c);
    });
    of<QMNIST>("QMNIST", "datasets_classified/qmnist", train);
    of<CIFAR10>("CIFAR10", "datasets_classified/cifar", train);
    of<CIFAR100>("CIFAR100", "datasets_classified/cifar", train, "CIFAR100");
    of<SVHN>("SVHN", "datasets_classified/svhn", split);
    of<STL10>("STL10", "datasets_classified/stl10", split);
    of<USPS>("USPS", "datasets_classified/usps", train);
    of<SEMEION>("SEMEION", "datasets_classified/semeion", nothing);
    of<FER2013>("FER2013", "datasets_classified/fer2013", split);
    of<Imagenette>("Imagenette", "datasets_classified/imagenette", split);
    of<EuroSAT>("EuroSAT", "datasets_classified/eurosat", nothing);
    of<Country211>("Country211", "datasets_classified/country211", split);
    of<RenderedSST2>("RenderedSST2", "datasets_classified/rendered_sst2", split);
    of<DTD>("DTD", "datasets_classified/dtd", split);
    of<Food101>("Food101", "datasets_classified/food101", split);
    of<Flowers102>("Flowers102", "datasets_classified/flowers102", split);
    of<FGVCAircraft>("FGVCAircraft", "datasets_classified/fgvc_aircraft", split);
    of<StanfordCars>("StanfordCars", "datasets_classified/stanford_cars", split);
    of<GTSRB>("GTSRB", "datasets_classified/gtsrb", split);
    of<SUN397>("SUN397", "datasets_classified/sun397", nothing);
    of<Omniglot>("Omniglot", "datasets_classified/omniglot", nothing);
    of<CLEVRClassification>("CLEVRClassification", "datasets_classified/clevr", split);
    of<Places365>("Places365", "datasets_classified/places365", split);
    of<ImageNet>("ImageNet", "datasets_classified/imagenet", split);
    of<Caltech256>("Caltech256", "datasets_targets/caltech256", nothing);
    const auto part_of_lfw = [&](auto& options, const oracle::Case& c) {
      split(options, c);
      options.image_set = c.text("image_set");
    };
    of<LFWPeople>("LFWPeople", "datasets_faces/lfw_people", part_of_lfw);
    of<LFWPairs>("LFWPairs", "datasets_faces/lfw_pairs", part_of_lfw);
    of<PCAM>("PCAM", "datasets_containers/pcam", split);
    of<LSUN>("LSUN", "datasets_containers/lsun",
             [](auto& options, const oracle::Case& c) { options.classes = c.texts("asked"); });
    of<LSUNClass>("LSUNClass", "datasets_containers/lsun_class", nothing);

    of<CocoDetection>("CocoDetection", "datasets_targets/coco", [&](auto& options, const oracle::Case& c) {
      instances(options, c);
      options.masks = true;
    });
    of<CocoCaptions>("CocoCaptions", "datasets_targets/coco_captions", instances);
    of<VOCDetection>("VOCDetection", "datasets_targets/voc_detection", voc);
    of<VOCSegmentation>("VOCSegmentation", "datasets_targets/voc_segmentation", voc);
    of<SBDataset>("SBDataset", "datasets_targets/sbd", [](auto& options, const oracle::Case& c) {
      options.image_set = c.text("image_set");
      options.mode = c.text("mode");
    });
    of<Kitti>("Kitti", "datasets_targets/kitti", train);
    of<WIDERFace>("WIDERFace", "datasets_targets/widerface", split);
    of<CelebA>("CelebA", "datasets_faces/celeba", split);
    of<Caltech101>("Caltech101", "datasets_targets/caltech101", [](auto& options, const oracle::Case&) {
      options.target_type = {"category", "annotation"};
    });
    of<OxfordIIITPet>("OxfordIIITPet", "datasets_targets/pets", [&](auto& options, const oracle::Case& c) {
      split(options, c);
      options.target_types = {"category", "segmentation"};
    });
    of<INaturalist>("INaturalist", "datasets_targets/inaturalist",
                    [](auto& options, const oracle::Case& c) { options.version = c.text("version"); });
    of<Cityscapes>("Cityscapes", "datasets_targets/cityscapes", [](auto& options, const oracle::Case& c) {
      options.split = c.text("split");
      options.mode = c.text("mode");
      options.target_type = {"instance", "semantic", "color", "polygon"};
    });
    of<Flickr8k>("Flickr8k", "datasets_targets/flickr8k", [](auto& options, const oracle::Case&) {
      options.ann_file = options.root / "captions.html";
      options.root /= "pictures";
    });
    of<Flickr30k>("Flickr30k", "datasets_targets/flickr30k", [](auto& options, const oracle::Case&) {
      options.ann_file = options.root / "results.token";
      options.root /= "pictures";
    });
    of<SBU>("SBU", "datasets_targets/sbu", nothing);
    of<PhotoTour>("PhotoTour", "datasets_targets/phototour", [](auto& options, const oracle::Case& c) {
      options.name = c.text("set");
      options.train = false;
    });
    of<MovingMNIST>("MovingMNIST", "datasets_targets/moving_mnist", nothing);

    of<Sintel>("Sintel", "datasets_flow/sintel", split);
    of<KittiFlow>("KittiFlow", "datasets_flow/kitti_flow", split);
    of<FlyingChairs>("FlyingChairs", "datasets_flow/flying_chairs", split);
    of<FlyingThings3D>("FlyingThings3D", "datasets_flow/flying_things", split);
    of<HD1K>("HD1K", "datasets_flow/hd1k", split);
    of<CarlaStereo>("CarlaStereo", "datasets_flow/carla", nothing);
    of<Kitti2012Stereo>("Kitti2012Stereo", "datasets_flow/kitti2012", split);
    of<Kitti2015Stereo>("Kitti2015Stereo", "datasets_flow/kitti2015", split);
    of<Middlebury2014Stereo>("Middlebury2014Stereo", "datasets_flow/middlebury", split);
    of<CREStereo>("CREStereo", "datasets_flow/crestereo", nothing);
    of<FallingThingsStereo>("FallingThingsStereo", "datasets_flow/falling_things", nothing);
    of<SceneFlowStereo>("SceneFlowStereo", "datasets_flow/scene_flow", nothing);
    of<SintelStereo>("SintelStereo", "datasets_flow/sintel_stereo", nothing);
    of<InStereo2k>("InStereo2k", "datasets_flow/instereo", split);
    of<ETH3DStereo>("ETH3DStereo", "datasets_flow/eth3d", split);

    of<UCF101>("UCF101", "datasets_video/ucf101", fold);
    of<HMDB51>("HMDB51", "datasets_video/hmdb51", fold);
    of<Kinetics>("Kinetics", "datasets_video/kinetics", [](auto& options, const oracle::Case&) {
      options.split = "val";
      options.frames_per_clip = 5;
    });

    of<ImageFolder>("ImageFolder", "datasets/image_folder", nothing);
    of<WebDataset>("WebDataset", "datasets_packed/shards", [](auto& options, const oracle::Case& c) {
      options.shards = (std::filesystem::path(c.text("root")) / c.text("shards")).string();
    });
    visit_(std::type_identity<Digits>(), "Digits", Digits::Options{});
    visit_(std::type_identity<FakeData>(), "FakeData", FakeData::Options{.size = 4, .image_size = {3, 32, 24}});
    const support::TemporaryFolder own;
    std::filesystem::create_directories(own.path() / "images/train");
    for (const auto* name : {"a", "b"}) {
      io::write_jpeg(Image(torch::randint(256, {3, 300, 400}, torch::kUInt8)),
                     own.path() / "images/train" / (std::string(name) + ".jpg"));
    }
    own.write("labels/train/a.txt", "0 0.5 0.5 0.25 0.5\n2 0.25 0.25 0.125 0.125\n");
    visit_(std::type_identity<YOLODetection>(), "YOLODetection", YOLODetection::Options{.root = own.path()});
    for (const auto* name : {"a", "b"}) {
      std::filesystem::create_directories(own.path() / "JPEGImages");
      std::filesystem::copy_file(own.path() / "images/train" / (std::string(name) + ".jpg"),
                                 own.path() / "JPEGImages" / (std::string(name) + ".jpg"));
      own.write("Annotations/" + std::string(name) + ".xml",
                "<annotation><object><name>cat</name><bndbox><xmin>11</xmin><ymin>21</ymin><xmax>200</xmax><ymax>100</ymax>"
                "</bndbox></object></annotation>");
    }
    visit_(std::type_identity<VOCFolder>(), "VOCFolder", VOCFolder::Options{.root = own.path()});
    const auto manifest = own.write("manifest.csv", "file,label\nimages/train/a.jpg,cat\nimages/train/b.jpg,dog\n");
    visit_(std::type_identity<ManifestFolder>(), "ManifestFolder", ManifestFolder::Options{.manifest = manifest});
  }

 private:
  // The first case of a table, or the first that is of this `set`.
  template <class Data, class Set>
  void of(const std::string& name, const std::string& table, const Set& take, const std::string& set = "") {
    SCOPED_TRACE(name);
    for (const auto& c : oracle::cases(table)) {
      if (!set.empty() && c.text("set") != set) continue;
      typename Data::Options options{};
      if constexpr (requires { options.root = c.text("root"); }) options.root = c.text("root");
      take(options, c);
      std::optional<OtherHashes> hashes;
      if (c.has("hashes")) hashes.emplace(nlohmann::json::parse(c.json("hashes")).get<std::map<std::string, std::string>>());
      try {
        visit_(std::type_identity<Data>(), name, options);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
      return;
    }
    ADD_FAILURE() << table << " has no case of " << set;
  }

  Visit visit_;
};

}  // namespace opsis::datasets
