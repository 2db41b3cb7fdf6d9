#include "opsis/tasks/detector.h"

#include <algorithm>
#include <iterator>

#include "opsis/io/masks.h"
#include "opsis/ops/boxes.h"
#include "opsis/ops/nms.h"
#include "opsis/tasks/detect.h"

namespace opsis::inline v1::tasks {
namespace {

using models::Detection;
using models::DetectionModel;
using torch::Tensor;

// Where tiles begin along a side: the last ends where the picture does.
std::vector<int64_t> beginnings(int64_t side, int64_t tile, int64_t overlap) {
  std::vector<int64_t> found;
  for (int64_t at = 0; at + tile < side; at += tile - overlap) found.push_back(at);
  found.push_back(std::max<int64_t>(0, side - tile));
  return found;
}

// Which boxes end at an edge of their tile that is none of the picture's: what they show may go on.
Tensor cut(const Tensor& boxes, const Tensor& tile, Size size) {
  constexpr double kNear = 1;  // pixels
  const auto whole = torch::tensor({int64_t{0}, int64_t{0}, size.width, size.height}, tile.options());
  const auto near = (boxes - tile).abs() <= kNear;
  return near.logical_and(tile != whole).any(1);
}

// Of boxes the best of each class where they overlap, the surest first. What is cut gives way to what is whole, and leaves when
// it is a piece of it.
Tensor merged(const Detection& all, const Tensor& is_cut, double threshold) {
  const auto kept = ops::nms_per_class(all.boxes, all.scores - is_cut.to(all.scores.scalar_type()), all.labels, threshold);
  const auto kept_is_cut = is_cut.index_select(0, kept);
  const auto pieces = kept.masked_select(kept_is_cut), wholes = kept.masked_select(kept_is_cut.logical_not());
  const auto a = all.boxes.index_select(0, pieces).unsqueeze(1), b = all.boxes.index_select(0, wholes).unsqueeze(0);
  const auto shared = torch::minimum(a.slice(2, 2, 4), b.slice(2, 2, 4)) - torch::maximum(a.slice(2, 0, 2), b.slice(2, 0, 2));
  const auto share = shared.clamp_min(0).prod(2) / ops::box_area(a);  // of the piece
  const auto alike = all.labels.index_select(0, pieces).unsqueeze(1) == all.labels.index_select(0, wholes).unsqueeze(0);
  const auto goes = (share > threshold).logical_and(alike).any(1);
  const auto stays = torch::cat({wholes, pieces.masked_select(goes.logical_not())});
  return stays.index_select(0, all.scores.index_select(0, stays).argsort(/*stable=*/true, 0, /*descending=*/true));
}

// Masks of tiles. Before it is known which of them stay they are run lengths, a few bytes for each: many tiles find much twice.
struct TileMasks {
  std::vector<io::RunLengths> runs;
  bool are_told = false;  // by the model

  void add(const Tensor& masks) {
    auto more = io::encode_masks(masks);
    std::move(more.begin(), more.end(), std::back_inserter(runs));
    are_told = true;
  }

  // Of some of them those of the whole picture, with nothing where their tile is not.
  Tensor spread(const Tensor& which, const std::vector<Size>& corners, Size size, int64_t most_bytes) const {
    const auto bytes = which.size(0) * size.height * size.width;
    if (bytes > most_bytes) {
      raise_with<ValueError>(WayOut::FewerMasks, "raise it or the score_threshold, or leave them out by .masks = false",
                             "Detector: masks of {} things in a picture of {} are {} bytes, more than mask_bytes, {}",
                             which.size(0), size, bytes, most_bytes);
    }
    auto whole = torch::zeros({which.size(0), size.height, size.width}, torch::kBool);
    const auto places = which.cpu();
    for (int64_t i = 0; i < places.size(0); ++i) {
      const auto from = static_cast<size_t>(places[i].item<int64_t>());
      const auto mask = io::decode_masks({runs[from]})[0];
      whole[i].narrow(0, corners[from].height, mask.size(0)).narrow(1, corners[from].width, mask.size(1)).copy_(mask);
    }
    return whole.to(which.device());
  }
};

}  // namespace

Detector::Detector(std::string_view model, const DetectorOptions& options)
    : Detector(model, models::get_model_weights(model)[options.weights], options) {}

Detector::Detector(std::string_view model, const models::Weights& weights, const DetectorOptions& options)
    : Detector(detail::load_detector("Detector", model, weights, options), detail::categories_of(weights),
               options.score_threshold, options.mask_threshold) {}

Detector::Detector(std::shared_ptr<DetectionModel> model, std::vector<std::string> categories, double score_threshold,
                   double mask_threshold)
    : model_(detail::ready("Detector", std::move(model), /*optimize=*/false)),
      categories_(std::move(categories)),
      score_threshold_(detail::checked_threshold("Detector", "score_threshold", score_threshold)),
      mask_threshold_(detail::checked_threshold("Detector", "mask_threshold", mask_threshold)) {}

Detections Detector::operator()(const Picture& picture, Timings* timings) const {
  return std::move((*this)(std::span(&picture, 1), timings).front());
}

std::vector<Detections> Detector::operator()(const Pictures& pictures, Timings* timings) const {
  detail::Watch watch;
  const auto images = detail::look_at("Detector", pictures);
  Timings spent{.prepare_ms = watch.lap()};
  auto found = detail::detect(*model_, images, score_threshold_, spent);
  watch.lap();
  std::vector<Detections> answers;
  for (size_t i = 0; i < found.size(); ++i) {
    if (auto& masks = found[i].masks; masks.defined()) masks = masks.squeeze(1) >= mask_threshold_;
    answers.push_back(finished(std::move(found[i]), detail::size_of(images[i])));
  }
  spent.finish_ms += watch.lap();
  if (timings) *timings = spent;
  return answers;
}

Detections Detector::tiled(const Picture& picture, const TilingOptions& tiling, Timings* timings) const {
  const auto [height, width] = tiling.tile_size;
  OPSIS_CHECK(height > 0 && width > 0, "Detector: tile_size must be positive, got {}", tiling.tile_size);
  OPSIS_CHECK(tiling.overlap >= 0 && tiling.overlap < std::min(height, width),
              "Detector: overlap must be less than the sides of tiles, {}, and not negative, got {}", tiling.tile_size,
              tiling.overlap);
  detail::checked_threshold("Detector", "nms_threshold", tiling.nms_threshold);
  detail::Watch watch;
  const auto image = detail::look_at("Detector", picture);
  const auto size = detail::size_of(image);
  const auto rows = beginnings(size.height, height, tiling.overlap), columns = beginnings(size.width, width, tiling.overlap);
  if (rows.size() == 1 && columns.size() == 1) {
    auto answer = (*this)(image, timings);
    if (!tiling.masks) answer.masks = Tensor();
    return answer;
  }

  const torch::NoGradGuard no_grad;
  Timings spent{.prepare_ms = watch.lap()};
  std::vector<Tensor> boxes, scores, labels, is_cut;
  TileMasks masks;
  std::vector<Size> corners;  // of the tile of each box
  for (const auto top : rows) {
    for (const auto left : columns) {
      const Image tile(image.data.narrow(1, top, std::min(height, size.height)).narrow(2, left, std::min(width, size.width)));
      auto found = std::move(detail::detect(*model_, std::span(&tile, 1), score_threshold_, spent).front());
      watch.lap();
      const auto corner = torch::tensor({left, top, left, top}, torch::kInt64).to(found.boxes.device());
      boxes.push_back(found.boxes + corner);
      const auto extent = torch::tensor({int64_t{0}, int64_t{0}, tile.data.size(2), tile.data.size(1)}, corner.options());
      is_cut.push_back(cut(boxes.back(), corner + extent, size));
      scores.push_back(std::move(found.scores));
      labels.push_back(std::move(found.labels));
      if (tiling.masks && found.masks.defined()) masks.add(found.masks.squeeze(1) >= mask_threshold_);
      corners.insert(corners.end(), static_cast<size_t>(boxes.back().size(0)), Size{top, left});
      spent.finish_ms += watch.lap();
    }
  }
  const Detection all{torch::cat(boxes), torch::cat(scores), torch::cat(labels)};
  const auto kept = merged(all, torch::cat(is_cut), tiling.nms_threshold);
  auto best = detail::chosen(all, kept);
  if (masks.are_told) best.masks = masks.spread(kept, corners, size, tiling.mask_bytes);
  auto answer = finished(std::move(best), size);
  spent.finish_ms += watch.lap();
  if (timings) *timings = spent;
  return answer;
}

void Detector::warm_up(Size size) const { detail::warm_up(*this, size); }

// Its masks are those of pixels.
Detections Detector::finished(Detection found, Size size) const {
  Detections answer{BoundingBoxes(std::move(found.boxes), BoundingBoxFormat::XYXY, size),
                    std::move(found.scores),
                    std::move(found.labels),
                    {},
                    std::move(found.masks)};
  const auto labels = answer.labels.cpu();
  for (int64_t i = 0; i < labels.size(0); ++i) answer.names.push_back(detail::name_of(categories_, labels[i].item<int64_t>()));
  return answer;
}

}  // namespace opsis::inline v1::tasks
