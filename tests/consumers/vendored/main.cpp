// A stranger's program, built with the sources of Opsis and without its optional parts: they link, and say how to get them.
#include <opsis/core/error.h>
#include <opsis/datasets/archive.h>
#include <opsis/datasets/coco_file.h>
#include <opsis/datasets/voc_annotation.h>
#include <opsis/hub/digest.h>
#include <opsis/hub/download.h>
#include <opsis/io/audio_decoder.h>
#include <opsis/io/dicom_reader.h>
#include <opsis/io/hdf5.h>
#include <opsis/io/image.h>
#include <opsis/io/inflate.h>
#include <opsis/io/mat.h>
#include <opsis/io/video_decoder.h>
#include <opsis/models/optimize.h>
#include <opsis/models/registry.h>
#include <opsis/tv_tensors.h>
#include <opsis/utils/draw_text.h>

#include <iostream>

// The message of the NotBuiltError that a call must throw.
template <class Call>
void expect_not_built(Call call) {
  try {
    call();
    std::cout << "nothing was thrown\n";
  } catch (const opsis::NotBuiltError& error) {
    std::cout << error.what() << "\n";
  }
}

int main() {
  const opsis::Image image(torch::zeros({3, 8, 8}, torch::kUInt8));
  const auto jpeg = torch::tensor({0xff, 0xd8, 0xff, 0xe0}, torch::kUInt8);
  const auto png = torch::tensor({0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a}, torch::kUInt8);
  expect_not_built([&] { opsis::io::decode_image(jpeg); });
  expect_not_built([&] { opsis::io::decode_image(png); });
  expect_not_built([&] { opsis::io::encode_jpeg(image); });
  expect_not_built([&] { opsis::io::encode_png(image); });
  expect_not_built([&] { opsis::io::decode_gif(png); });
  expect_not_built([&] { opsis::io::encode_gif(image); });
  expect_not_built([&] { opsis::io::decode_webp(png); });
  expect_not_built([&] { opsis::io::encode_webp(image); });
  expect_not_built([&] { opsis::io::decode_avif(png); });
  expect_not_built([&] { opsis::io::encode_avif(image); });
  expect_not_built([&] { opsis::io::decode_heic(png); });
  expect_not_built([&] { opsis::io::decode_tiff(png); });
  expect_not_built([&] { opsis::io::encode_tiff(image); });
  expect_not_built([&] { opsis::io::VideoDecoder("clip.mp4"); });
  expect_not_built([&] { opsis::io::AudioDecoder("clip.mp4"); });
  expect_not_built([&] { opsis::io::read_dicom_content({}, 0); });
  expect_not_built([&] { opsis::io::read_mat("labels.mat", "labels"); });
  expect_not_built([&] { opsis::io::Hdf5Array("camelyon.h5", "x"); });
  expect_not_built([&] { opsis::io::inflate_raw({}, 0); });
  expect_not_built([&] { opsis::hub::Digest digest(opsis::hub::DigestKind::Sha256); });
  expect_not_built([&] { opsis::hub::download("https://localhost/weights.pth", "absent/weights.pth"); });
  expect_not_built([&] { opsis::datasets::extract_archive("photos.zip", "photos"); });
  expect_not_built([&] { opsis::datasets::parse_voc_xml({}); });
  expect_not_built([&] { opsis::datasets::CocoFile("instances.json"); });
  expect_not_built([&] { opsis::utils::draw_text(image, "7", 0, 0); });

  // Operators that nobody names but the dispatcher are there.
  torch::NoGradGuard no_grad;
  const auto model = opsis::models::get_model("mobilenet_v3_small");
  model->eval();
  const auto images = torch::rand({1, 3, 32, 32});
  const auto apart = (opsis::models::optimize(model)->forward(images) - model->forward(images)).abs().max().item<double>();
  std::cout << (apart < 1e-4 ? "optimized\n" : "optimized, but not the same\n");
  std::cout << opsis::BoundingBoxes(torch::tensor({{8., 4., 20., 16.}}), opsis::BoundingBoxFormat::XYXY, {32, 48}) << "\n";
}
