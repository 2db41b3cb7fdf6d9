#include "opsis/data/loader.h"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/util/Exception.h>

#include <mutex>

#include "opsis/core/check.h"
#include "opsis/core/random.h"

namespace opsis::inline v1::data::detail {
namespace {

using States = std::vector<torch::Tensor>;

// Of version 1, which has no number, the epoch under way goes on as it began: a sample's draws depend on its position.
constexpr int64_t kStateVersion = 2;

std::shared_ptr<BatchSampler> batch_sampler(size_t dataset_size, const LoaderOptions& options) {
  if (options.batch_sampler) {
    OPSIS_CHECK(options.batch_size == 1 && !options.shuffle && !options.sampler && !options.drop_last,
                "DataLoader: batch_sampler excludes batch_size, shuffle, sampler and drop_last");
    return options.batch_sampler;
  }
  OPSIS_CHECK(!options.sampler || !options.shuffle, "DataLoader: sampler excludes shuffle");
  OPSIS_CHECK(options.batch_size > 0, "DataLoader: batch_size must be positive, got 0");
  auto sampler = options.sampler;
  if (!sampler && options.shuffle) {
    sampler = std::make_shared<RandomSampler>(dataset_size, RandomSamplerOptions{.generator = options.generator});
  } else if (!sampler) {
    sampler = std::make_shared<SequentialSampler>(dataset_size);
  }
  return std::make_shared<BatchSampler>(std::move(sampler), options.batch_size, options.drop_last);
}

std::vector<std::vector<size_t>> drawn(Batches batches) {
  std::vector<std::vector<size_t>> all;
  for (auto batch = batches(); !batch.empty(); batch = batches()) all.push_back(std::move(batch));
  return all;
}

Batches one_by_one(std::vector<std::vector<size_t>> all) {
  return [all = std::move(all), next = size_t{0}]() mutable {
    return next < all.size() ? std::move(all[next++]) : std::vector<size_t>{};
  };
}

std::vector<size_t> joined(const std::vector<std::vector<size_t>>& batches) {
  std::vector<size_t> all;
  for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

States states_of(const std::vector<at::Generator>& generators) {
  States states;
  for (auto generator : generators) {
    const std::lock_guard lock(generator.mutex());
    states.push_back(generator.get_state());
  }
  return states;
}

void set_states(const std::vector<at::Generator>& generators, const States& states) {
  for (size_t i = 0; i < generators.size(); ++i) {
    auto generator = generators[i];
    const std::lock_guard lock(generator.mutex());
    generator.set_state(states[i].clone());
  }
}

// While it lives, generators stand where they stood before; then they are put back.
class Rewound {
 public:
  Rewound(std::vector<at::Generator> generators, const States& before)
      : generators_(std::move(generators)), now_(states_of(generators_)) {
    set_states(generators_, before);
  }
  ~Rewound() { set_states(generators_, now_); }
  Rewound(const Rewound&) = delete;
  Rewound& operator=(const Rewound&) = delete;

 private:
  std::vector<at::Generator> generators_;
  States now_;
};

hub::Value to_list(const States& states) {
  auto list = hub::Value::list();
  for (const auto& state : states) list.push_back(state);
  return list;
}

// Refuses what is no state of these generators, before any of them is touched.
States to_states(const hub::Value& list, const std::vector<at::Generator>& generators) {
  States states;
  for (const auto& item : list.items()) states.push_back(item.as_tensor());
  OPSIS_CHECK(states.size() == generators.size(),
              "DataLoader: the state is of another loader: the generators it draws from are {} in number, here {}",
              states.size(), generators.size());
  for (size_t i = 0; i < states.size(); ++i) {
    try {
      generators[i].clone().set_state(states[i].clone());
    } catch (const c10::Error& error) {
      raise<ValueError>("DataLoader: number {} of the generators' states is none: {}", i, error.what_without_backtrace());
    }
  }
  return states;
}

}  // namespace

LoaderCore::LoaderCore(size_t dataset_size, LoaderOptions given)
    : options(std::move(given)), batches_(batch_sampler(dataset_size, options)) {
  OPSIS_CHECK(!options.seed || !options.generator, "DataLoader: seed excludes generator");
  OPSIS_CHECK(options.prefetch != size_t{0}, "DataLoader: prefetch must be positive, got 0");
  if (options.sample_seeds == SampleSeeds::Sequential) {
    OPSIS_CHECK(options.num_workers == 0, "DataLoader: SampleSeeds::Sequential needs num_workers = 0, got {}",
                options.num_workers);
    OPSIS_CHECK(!options.seed, "DataLoader: SampleSeeds::Sequential draws from the current generator, which excludes seed");
    OPSIS_CHECK(
        options.on_error != BadSamples::Substitute,
        "DataLoader: SampleSeeds::Sequential excludes BadSamples::Substitute, which draws the epoch's order beforehand");
  }
  pins_ = options.pin_memory && can_pin();
  if (options.pin_memory && !pins_) {
    TORCH_WARN("DataLoader: pin_memory is set, but LibTorch finds no GPU; batches are not pinned");
  }
}

std::vector<at::Generator> LoaderCore::generators() const {
  auto all = batches_->generators();
  if (options.generator) all.push_back(*options.generator);
  if (!options.seed) all.push_back(random::current().value_or(at::detail::getDefaultCPUGenerator()));
  return all;
}

void LoaderCore::set_epoch(int64_t epoch) {
  epoch_ = epoch;
  resumed_.reset();
}

std::unique_ptr<Epoch> LoaderCore::start(MakeJob make) {
  const auto number = epoch_;
  batches_->set_epoch(number);

  // An epoch that is taken up again is drawn again, from where the generators stood when it began.
  const auto cursor = std::make_shared<Cursor>(Cursor{.epoch = number});
  std::optional<Rewound> rewound;
  if (resumed_) {
    *cursor = *resumed_;
    rewound.emplace(generators(), cursor->begin_generators);
  } else {
    cursor->begin_generators = states_of(generators());
  }

  std::optional<random::Scope> seeded;
  if (options.seed) seeded.emplace(mixed(*options.seed, static_cast<uint64_t>(number)));
  const auto base_seed = draw_seed(options.generator);

  report_ = std::make_shared<LoaderReport>(LoaderReport{.epoch = number, .workers = options.num_workers});
  EpochPlan plan{.make = std::move(make),
                 .batches = batches_->epoch(),
                 .options = options,
                 .seed = mixed(base_seed, static_cast<uint64_t>(number)),
                 .size = size(),
                 .cursor = cursor,
                 .report = report_};
  if (const auto salt = batches_->salt(); salt != 0 && !cursor->draws_by_position) plan.seed = mixed(plan.seed, salt);
  if (options.sample_seeds == SampleSeeds::PerSample) {
    auto all = drawn(std::move(plan.batches));
    if (options.on_error == BadSamples::Substitute) plan.substitutes = joined(all);
    plan.batches = one_by_one(std::move(all));
  }
  auto epoch = start_epoch(std::move(plan));
  // Only now: of one that could not be started, as when a sampler throws, nothing is lost.
  epoch_ = number + 1;
  resumed_.reset();
  current_ = cursor;
  return epoch;
}

hub::Value LoaderCore::state() const {
  const auto under_way = current_.lock();
  if (resumed_) return state(*resumed_);
  return under_way ? state(*under_way) : state(Cursor{.epoch = epoch_});
}

hub::Value LoaderCore::state(const Cursor& cursor) const {
  return hub::Value::dict({{"version", cursor.draws_by_position ? 1 : kStateVersion},
                           {"epoch", cursor.epoch},
                           {"batches_done", cursor.batches_done},
                           {"batches", size()},
                           {"generators", to_list(states_of(generators()))},
                           {"begin_generators", to_list(cursor.begin_generators)}});
}

void LoaderCore::load_state(const hub::Value& state) {
  const auto version = state.contains("version") ? state.get<int64_t>("version") : 1;
  OPSIS_CHECK(version >= 1 && version <= kStateVersion, "DataLoader: the state is of version {}, this Opsis knows 1 to {}",
              version, kStateVersion);
  const auto batches = state.get<int64_t>("batches"), done = state.get<int64_t>("batches_done");
  OPSIS_CHECK(batches == static_cast<int64_t>(size()),
              "DataLoader: the state is of a loader with {} batch{} an epoch, this one has {}", batches,
              batches == 1 ? "" : "es", size());
  OPSIS_CHECK(done >= 0, "DataLoader: batches_done must not be negative, got {}", done);
  const auto drawn_from = generators();
  const auto now = to_states(state.at("generators"), drawn_from);
  std::optional<Cursor> cursor;
  const auto epoch = state.get<int64_t>("epoch");
  if (done > 0) {
    cursor = Cursor{.epoch = epoch,
                    .batches_done = static_cast<size_t>(done),
                    .begin_generators = to_states(state.at("begin_generators"), drawn_from),
                    .draws_by_position = version == 1};
  }
  epoch_ = epoch;
  resumed_ = std::move(cursor);
  current_.reset();
  set_states(drawn_from, now);
}

}  // namespace opsis::inline v1::data::detail
