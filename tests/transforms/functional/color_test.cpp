// The kernels of colour, blur, noise, erasing and JPEG, against torchvision: bytes, and bits of floats, are equal.
#include <map>

#include "opsis/core/parallel.h"
#include "opsis/core/random.h"
#include "tests/support/color_operations.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

namespace functional = transforms::functional;

// One thread: the tensors are small, and waking threads takes longer than the work.
class ColorKernels : public ::testing::Test {
 protected:
  SerialScope serial_;
};

// The function that an operation of the table calls, as its messages begin.
std::string function_of(const std::string& operation) {
  auto kernel = operation.substr(0, operation.find(' '));
  const std::map<std::string, std::string> others{
      {"to", "grayscale_to_rgb"}, {"grayscale", "rgb_to_grayscale"}, {"permute", "permute_channels"}};
  if (const auto found = others.find(kernel); found != others.end()) return found->second;
  for (const auto* adjusted : {"brightness", "contrast", "saturation", "hue", "gamma", "sharpness"}) {
    if (kernel == adjusted) return "adjust_" + kernel;
  }
  return kernel;
}

template <class Kind>
void expect_as_torchvision(const oracle::Case& c, const Kind& value) {
  const auto& call = color_operations::named(c.text("op"));
  if (c.boolean("refused")) {
    EXPECT_ERROR(call(value), ValueError, function_of(c.text("op")) + ": ");
  } else {
    EXPECT_TENSOR_EQ(std::get<Kind>(call(value)).data, c.tensor("expected"));
  }
  EXPECT_TENSOR_EQ(value.data, c.tensor("input"));
}

void color_images_of(const std::string& table, const std::string& layout = {}) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const Image image(operations::laid_out(c.tensor("input"), layout.empty() ? c.text("layout") : layout));
    expect_as_torchvision(c, image);
  }
}

TEST_F(ColorKernels, OfAllTypesEqualTorchvisions) { color_images_of("transforms_color/types"); }
TEST_F(ColorKernels, OfBytesInAnyLayoutEqualTorchvisions) { color_images_of("transforms_color/bytes"); }
TEST_F(ColorKernels, OfFloatsInAnyLayoutEqualTorchvisions) { color_images_of("transforms_color/floats"); }

TEST_F(ColorKernels, AtTheEndsOfTheTypesEqualTorchvisions) { color_images_of("transforms_color/ends", "contiguous"); }
TEST_F(ColorKernels, OfNaNAndInfinityEqualTorchvisions) { color_images_of("transforms_color/odd_pixels"); }
TEST_F(ColorKernels, WithFactorsThatAreNoNumbersEqualTorchvisions) { color_images_of("transforms_color/odd_factors"); }

// The gray of a large image is a sum that rounds; the same in both layouts.
TEST_F(ColorKernels, OfFewLevelsAndManyPixelsEqualTorchvisions) {
  color_images_of("transforms_color/levels", "contiguous");
  color_images_of("transforms_color/levels", "channels_last");
}

TEST_F(ColorKernels, OfVideosEqualTorchvisions) {
  for (const auto& c : oracle::cases("transforms_color/video")) {
    SCOPED_TRACE(c.name());
    expect_as_torchvision(c, Video(c.tensor("input")));
  }
}

torch::Tensor blurred(const oracle::Case& c, const torch::Tensor& image, bool exact) {
  const auto sigma = c.is_null("sigma") ? std::vector<double>() : c.numbers("sigma");
  return functional::gaussian_blur(image, c.ints("kernel"), {.sigma = sigma, .exact = exact});
}

TEST_F(ColorKernels, GaussianBlurExactEqualsTorchvision) {
  for (const auto& c : oracle::cases("transforms_color/gaussian_blur")) {
    SCOPED_TRACE(c.name());
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    if (c.boolean("refused")) {
      // Of several faults a call may name any.
      const auto names_the_fault = [&](const std::string& message) {
        const auto kernel = c.ints("kernel");
        const bool wrong_kernel = kernel.size() > 2 || kernel[0] < 0 || kernel[0] % 2 == 0;
        const bool wrong_sigma = !c.is_null("sigma") && (c.numbers("sigma").size() > 2 || c.numbers("sigma")[0] <= 0);
        const auto tells = [&](const char* words) { return message.find(words) != std::string::npos; };
        return (wrong_kernel && tells("gaussian_blur: kernel_size must")) ||
               (wrong_sigma && tells("gaussian_blur: sigma must")) || tells("gaussian_blur: half of the kernel");
      };
      for (const bool exact : {true, false}) {
        try {
          blurred(c, image, exact);
          ADD_FAILURE() << "is not refused";
        } catch (const ValueError& error) {
          EXPECT_TRUE(names_the_fault(error.what())) << error.what();
        }
      }
    } else {
      EXPECT_TENSOR_EQ(blurred(c, image, true), c.tensor("expected"));
      EXPECT_TENSOR_NEAR(blurred(c, image, false), c.tensor("expected"), 0, image.scalar_type() == torch::kUInt8 ? 1 : 0);
    }
    EXPECT_TENSOR_EQ(image, c.tensor("input"));
  }
}

// Summed in another order, a pixel almost halfway between two levels may become the other one.
TEST_F(ColorKernels, GaussianBlurOfBytesDiffersByALevelInOnePixelOfAThousandAtMost) {
  int64_t different = 0, pixels = 0;
  for (const auto& c : oracle::cases("transforms_color/blurred_photo")) {
    SCOPED_TRACE(c.name());
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    const auto out = blurred(c, image, false), expected = c.tensor("expected");
    EXPECT_TENSOR_EQ(blurred(c, image, true), expected);
    EXPECT_TENSOR_NEAR(out, expected, 0, 1);
    const auto here = out.ne(expected).sum().item<int64_t>();
    EXPECT_LE(here * 1000, out.numel());
    different += here;
    pixels += out.numel();
  }
  EXPECT_LE(different * 20000, pixels);
}

TEST_F(ColorKernels, GaussianBlurOfNaNAndInfinityEqualsTorchvision) {
  for (const auto& c : oracle::cases("transforms_color/odd_blur")) {
    SCOPED_TRACE(c.name());
    std::vector<double> sigma;
    for (const auto& number : c.texts("sigma")) sigma.push_back(std::stod(number));
    EXPECT_TENSOR_EQ(functional::gaussian_blur(c.tensor("input"), {5, 3}, {.sigma = sigma, .exact = true}),
                     c.tensor("expected"));
    EXPECT_TENSOR_EQ(functional::gaussian_blur(c.tensor("input"), {5, 3}, {.sigma = sigma}), c.tensor("expected"));
  }
}

TEST_F(ColorKernels, GaussianNoiseDrawsWhatTorchvisionDraws) {
  for (const auto& c : oracle::cases("transforms_color/gaussian_noise")) {
    SCOPED_TRACE(c.name());
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    const transforms::GaussianNoiseOptions options{c.number("mean"), c.number("sigma"), c.boolean("clip")};
    const random::Scope scope(7);
    if (c.boolean("refused")) {
      EXPECT_ERROR(functional::gaussian_noise(image, options), ValueError, "gaussian_noise: ");
      continue;
    }
    EXPECT_TENSOR_EQ(functional::gaussian_noise(image, options), c.tensor("expected"));
    EXPECT_EQ(random::uniform(), c.tensor("next_draw").item<float>());
  }
}

TEST_F(ColorKernels, JpegEqualsTorchvision) {
  for (const auto& c : oracle::cases("transforms_color/jpeg")) {
    SCOPED_TRACE(c.name());
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    if (c.boolean("refused")) {
      const bool wrong_quality = c.integer("quality") < 1 || c.integer("quality") > 100;
      const auto* const fault = wrong_quality        ? "jpeg: encode_jpeg: quality must be in [1, 100], got"
                                : image.numel() == 0 ? "(the image is 0 high and 4 wide)"
                                                     : "jpeg: encode_jpeg: the image must be (1, H, W) or (3, H, W), got";
      EXPECT_ERROR(functional::jpeg(image, c.integer("quality")), ValueError, fault);
    } else {
      EXPECT_TENSOR_EQ(functional::jpeg(image, c.integer("quality")), c.tensor("expected"));
    }
  }
}

TEST_F(ColorKernels, UniformTemporalSubsampleEqualsTorchvision) {
  for (const auto& c : oracle::cases("transforms_color/temporal")) {
    SCOPED_TRACE(c.name());
    const Video video(c.tensor("input"));
    const auto samples = c.integer("samples");
    if (c.boolean("refused")) {
      EXPECT_ERROR(functional::uniform_temporal_subsample(video, samples), ValueError, "uniform_temporal_subsample: ");
    } else {
      EXPECT_TENSOR_EQ(functional::uniform_temporal_subsample(video, samples).data, c.tensor("expected"));
    }
  }
}

}  // namespace
}  // namespace opsis
