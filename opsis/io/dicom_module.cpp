// A library of its own, libopsis_dicom, which links DCMTK: that costs every program that starts with it some milliseconds, so
// libopsis loads it when the first DICOM file is opened (dicom.cpp).
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include "opsis/io/dicom_content.h"

namespace opsis::inline v1::io {
namespace {

// What DCMTK has in a list of its own until the program ends.
struct Decoders {
  Decoders() {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);  // a library does not print
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
    DcmRLEDecoderRegistration::registerCodecs();
  }
  ~Decoders() {
    DcmRLEDecoderRegistration::cleanup();
    DJLSDecoderRegistration::cleanup();
    DJDecoderRegistration::cleanup();
  }
  Decoders(const Decoders&) = delete;
  Decoders& operator=(const Decoders&) = delete;
};

void prepare_dcmtk() { static const Decoders decoders; }

std::string text_of(DcmDataset& data, const DcmTagKey& tag) {
  OFString out;
  return data.findAndGetOFString(tag, out).good() ? std::string(out.c_str(), out.size()) : std::string();
}

int64_t number_of(DcmDataset& data, const DcmTagKey& tag, int64_t otherwise) {
  Uint16 out = 0;
  return data.findAndGetUint16(tag, out).good() ? out : otherwise;
}

std::vector<double> numbers_of(DcmDataset& data, const DcmTagKey& tag) {
  std::vector<double> out;
  Float64 number = 0;
  for (unsigned long i = 0; i < 64 && data.findAndGetFloat64(tag, number, i).good(); ++i) out.push_back(number);
  return out;
}

// The colors of one channel. Numbers of 8 bits may lie two in a word.
std::vector<uint16_t> colors_of(DcmDataset& data, const DcmTagKey& tag, size_t count) {
  const Uint16* words = nullptr;
  unsigned long there = 0;
  if (data.findAndGetUint16Array(tag, words, &there).bad() || !words) return {};
  const bool wide = there >= count;
  if (!wide && there < (count + 1) / 2) return {};
  std::vector<uint16_t> out(count);
  for (size_t i = 0; i < count; ++i) {
    out[i] = static_cast<uint16_t>(wide ? words[i] : i % 2 == 0 ? words[i / 2] & 0xFF : words[i / 2] >> 8);
  }
  return out;
}

// What is wrong with the palette, or nothing.
std::string read_palette(DcmDataset& data, DicomContent& out) {
  const auto described = [&](unsigned long place) {
    Uint16 number = 0;
    Sint16 with_sign = 0;
    if (data.findAndGetUint16(DCM_RedPaletteColorLookupTableDescriptor, number, place).good()) return int64_t{number};
    if (data.findAndGetSint16(DCM_RedPaletteColorLookupTableDescriptor, with_sign, place).good()) return int64_t{with_sign};
    return int64_t{-1};
  };
  const auto count = described(0) == 0 ? 65536 : described(0) & 0xFFFF;
  out.palette_first = out.is_signed ? static_cast<int16_t>(described(1)) : described(1) & 0xFFFF;
  out.palette_bits = described(2);
  if (out.palette_bits != 8 && out.palette_bits != 16) return "the colors of its palette have neither 8 nor 16 bits";
  const DcmTagKey tags[] = {DCM_RedPaletteColorLookupTableData, DCM_GreenPaletteColorLookupTableData,
                            DCM_BluePaletteColorLookupTableData};
  for (int channel = 0; channel < 3; ++channel) {
    out.palette[channel] = colors_of(data, tags[channel], static_cast<size_t>(count));
    if (out.palette[channel].empty()) return "its palette is cut short, or in segments, which are not read";
  }
  return {};
}

std::string read(const uint8_t* bytes, uint64_t size, uint64_t most_bytes, DicomContent& out) {
  DcmInputBufferStream stream;
  stream.setBuffer(bytes, static_cast<offile_off_t>(size));
  stream.setEos();
  DcmFileFormat file;
  file.transferInit();
  const auto status = file.read(stream, EXS_Unknown, EGL_noChange, DCM_MaxReadLength);
  file.transferEnd();
  if (status.bad()) return status.text();
  auto& data = *file.getDataset();
  out.rows = number_of(data, DCM_Rows, 0);
  out.columns = number_of(data, DCM_Columns, 0);
  out.samples = number_of(data, DCM_SamplesPerPixel, 1);
  out.bits_allocated = number_of(data, DCM_BitsAllocated, 0);
  out.bits_stored = number_of(data, DCM_BitsStored, out.bits_allocated);
  out.high_bit = number_of(data, DCM_HighBit, out.bits_stored - 1);
  out.is_signed = number_of(data, DCM_PixelRepresentation, 0) == 1;
  Sint32 frames = 1;
  out.frames = data.findAndGetSint32(DCM_NumberOfFrames, frames).good() ? frames : 1;
  if (out.rows == 0 || out.columns == 0 || out.frames < 1) return "it has no pixels";
  if (out.bits_allocated != 8 && out.bits_allocated != 16) return "its pixels have neither 8 nor 16 bits";
  if (out.samples != 1 && out.samples != 3) return "its pixels have neither one sample nor three";
  // At most 2^64: each factor is below 2^31, 2^16, 2^16 and 4.
  const auto pixels =
      static_cast<uint64_t>(out.rows * out.columns) * static_cast<uint64_t>(out.samples * out.bits_allocated / 8);
  if (pixels > most_bytes / static_cast<uint64_t>(out.frames)) return "its pixels go over limits.image_bytes";
  const auto wanted = pixels * static_cast<uint64_t>(out.frames);

  const DcmXfer syntax(data.getOriginalXfer());
  if (syntax.isEncapsulated() && !DcmCodecList::canChangeCoding(syntax.getXfer(), EXS_LittleEndianExplicit)) {
    return std::string("its pixels are compressed as ") + syntax.getXferName() + " (" + syntax.getXferID() +
           "), which DCMTK does not read; decompress the file, as by gdcmconv --raw";
  }
  const auto decompressed = data.chooseRepresentation(EXS_LittleEndianExplicit, nullptr);
  if (decompressed.bad()) return std::string("its pixels cannot be decompressed: ") + decompressed.text();
  // What decompressing may have changed.
  out.photometric = text_of(data, DCM_PhotometricInterpretation);
  out.by_plane = number_of(data, DCM_PlanarConfiguration, 0) == 1;
  if (out.photometric == "PALETTE COLOR") {
    if (auto wrong = read_palette(data, out); !wrong.empty()) return wrong;
  }
  out.slope = 1;
  out.intercept = 0;
  if (const auto slopes = numbers_of(data, DCM_RescaleSlope); !slopes.empty()) out.slope = slopes[0];
  if (const auto intercepts = numbers_of(data, DCM_RescaleIntercept); !intercepts.empty()) out.intercept = intercepts[0];
  out.window_centers = numbers_of(data, DCM_WindowCenter);
  out.window_widths = numbers_of(data, DCM_WindowWidth);
  out.spacing = numbers_of(data, DCM_PixelSpacing);
  out.orientation = numbers_of(data, DCM_ImageOrientationPatient);
  out.position = numbers_of(data, DCM_ImagePositionPatient);
  out.modality = text_of(data, DCM_Modality);
  out.patient_id = text_of(data, DCM_PatientID);
  out.series_uid = text_of(data, DCM_SeriesInstanceUID);

  DcmElement* element = nullptr;
  if (data.findAndGetElement(DCM_PixelData, element).bad() || !element) return "it has no pixels";
  const uint8_t* from = nullptr;
  uint64_t there = 0;
  if (element->getVR() == EVR_OW || out.bits_allocated == 16) {
    Uint16* words = nullptr;
    if (element->getUint16Array(words).bad()) return "its pixels cannot be read";
    from = reinterpret_cast<const uint8_t*>(words);
    there = uint64_t{element->getLength()} / 2 * 2;
  } else {
    Uint8* small = nullptr;
    if (element->getUint8Array(small).bad()) return "its pixels cannot be read";
    from = small;
    there = element->getLength();
  }
  if (!from || there < wanted) return "its pixels are cut short";
  out.pixels.assign(from, from + wanted);
  return {};
}

}  // namespace

extern "C" __attribute__((visibility("default"))) bool opsis_read_dicom(const uint8_t* bytes, uint64_t size,
                                                                        uint64_t most_bytes, DicomContent* out,
                                                                        std::string* error) {
  try {
    prepare_dcmtk();
    *error = read(bytes, size, most_bytes, *out);
    return error->empty();
  } catch (const std::exception& thrown) {
    *error = std::string("DCMTK failed: ") + thrown.what();
    return false;
  }
}

}  // namespace opsis::inline v1::io
