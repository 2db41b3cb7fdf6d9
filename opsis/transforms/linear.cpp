#include "opsis/transforms/linear.h"

#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms {

LinearTransformation::LinearTransformation(torch::Tensor transformation_matrix, torch::Tensor mean_vector)
    : matrix_(std::move(transformation_matrix)), mean_(std::move(mean_vector)) {
  OPSIS_CHECK(matrix_.defined() && matrix_.dim() == 2 && matrix_.size(0) == matrix_.size(1),
              "LinearTransformation: the matrix must be square, got {}", opsis::detail::shape(matrix_));
  OPSIS_CHECK(mean_.defined() && mean_.dim() == 1 && mean_.size(0) == matrix_.size(0),
              "LinearTransformation: the mean must have {} numbers as the matrix has rows, got {}", matrix_.size(0),
              opsis::detail::shape(mean_));
  OPSIS_CHECK(matrix_.device() == mean_.device(), "LinearTransformation: matrix and mean must be on one device, got {} and {}",
              matrix_.device(), mean_.device());
  OPSIS_CHECK(matrix_.scalar_type() == mean_.scalar_type(),
              "LinearTransformation: matrix and mean must be of one type, got {} and {}", matrix_.scalar_type(),
              mean_.scalar_type());
}

Value LinearTransformation::transform(const Value& value) const {
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) {
    const auto& in = pixels.data;
    detail::check_dims("LinearTransformation", in, 3);
    const auto count = in.size(-3) * in.size(-2) * in.size(-1);
    OPSIS_CHECK(count == matrix_.size(0), "LinearTransformation: the image {} must have {} numbers as the matrix has rows",
                opsis::detail::shape(in), matrix_.size(0));
    OPSIS_CHECK(in.device().type() == mean_.device().type(), "LinearTransformation: the image is on {}, the matrix on {}",
                in.device(), mean_.device());
    const auto flat = in.reshape({-1, count}) - mean_;
    return wrap(flat.mm(matrix_.to(flat.scalar_type())).reshape(in.sizes()), pixels);
  });
}

std::string LinearTransformation::repr() const { return "LinearTransformation()"; }

}  // namespace opsis::inline v1::transforms
