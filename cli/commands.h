// The commands. Each is declared by the function here and lives in the file of its name.
#pragma once

#include "cli/output.h"

namespace cli {

void declare_datasets(CLI::App& app, Chosen& chosen);
void declare_detect(CLI::App& app, Chosen& chosen);
void declare_evaluate(CLI::App& app, Chosen& chosen);
void declare_evaluate_detections(CLI::App& app, Chosen& chosen);
void declare_finetune(CLI::App& app, Chosen& chosen);
void declare_flow(CLI::App& app, Chosen& chosen);
void declare_keypoints(CLI::App& app, Chosen& chosen);
void declare_models(CLI::App& app, Chosen& chosen);
void declare_predict(CLI::App& app, Chosen& chosen);
void declare_segment(CLI::App& app, Chosen& chosen);
void declare_show(CLI::App& app, Chosen& chosen);
void declare_train(CLI::App& app, Chosen& chosen);
void declare_train_detector(CLI::App& app, Chosen& chosen);
void declare_train_segmenter(CLI::App& app, Chosen& chosen);
void declare_transform(CLI::App& app, Chosen& chosen);
void declare_weights(CLI::App& app, Chosen& chosen);

}  // namespace cli
