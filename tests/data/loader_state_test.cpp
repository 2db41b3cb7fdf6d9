// A loader that is stopped anywhere and taken up by another one gives what it would have given.
#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>

#include "opsis/core/random.h"
#include "opsis/data.h"
#include "opsis/hub/checkpoint.h"
#include "tests/data/loader_examples.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using data::BadSamples;
using data::DataLoader;
using data::LoaderOptions;
using data::SampleSeeds;

// Counts how often it is asked, and fails at some indices.
struct Watched : datasets::Dataset<std::pair<int64_t, torch::Tensor>> {
  Watched(size_t size, size_t every_bad = 0) : drawn(size), every_bad(every_bad) {}
  size_t size() const override { return drawn.size(); }
  Example get(size_t index) const override {
    ++*reads;
    if (every_bad > 0 && index % every_bad == 1) throw DecodeError("broken on purpose");
    return drawn.get(index);
  }
  Drawn drawn;
  size_t every_bad;
  std::shared_ptr<std::atomic<size_t>> reads = std::make_shared<std::atomic<size_t>>(0);
};

// What is given until the end of an epoch, one tensor a batch: indices, what samples drew, and what the loop drew, whose generator
// is the loader's too unless that has a seed. Between epochs stands an empty one, or -1 for an error. The state is kept where
// `stop` of them have been.
struct Stream {
  std::vector<torch::Tensor> given{};
  hub::Value state{};
};

Stream stream_of(DataLoader<Watched::Example>& loader, int64_t epochs, size_t stop = 0) {
  Stream out;
  const auto give = [&](torch::Tensor tensor) {
    out.given.push_back(std::move(tensor));
    if (out.given.size() == stop) out.state = loader.state();
  };
  while (loader.epoch() < epochs) {
    try {
      for (auto& [index, drawn] : loader) {
        const auto of_the_loop = torch::rand({loader.options().seed ? 0 : 2}, random::current());
        give(torch::cat({index.to(torch::kFloat32), drawn.flatten(), of_the_loop}));
      }
      give(torch::empty({0}));
    } catch (const SampleError&) {  // all were bad
      give(torch::full({1}, -1.0F));
    }
  }
  return out;
}

void expect_rest(const Stream& whole, size_t stop, const Stream& rest) {
  ASSERT_EQ(rest.given.size(), whole.given.size() - stop);
  for (size_t i = 0; i < rest.given.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_TENSOR_EQ(rest.given[i], whole.given[stop + i]);
  }
}

// A loader drawn at random. What decides about its stream is the same whenever it is made from the same seed.
class RandomLoader {
 public:
  explicit RandomLoader(unsigned seed) : seed_(seed) {}

  DataLoader<Watched::Example> make(size_t workers, std::optional<size_t> prefetch) const {
    std::mt19937 engine(seed_);
    const auto below = [&](size_t end) { return engine() % end; };
    const auto generator = [&](bool given) {
      const auto made = at::make_generator<at::CPUGeneratorImpl>(engine());
      return given ? std::optional<at::Generator>(made) : std::nullopt;
    };
    const size_t size = 1 + below(40), batch_size = 1 + below(7);
    LoaderOptions options{.num_workers = workers, .prefetch = prefetch};
    options.on_error = std::array{BadSamples::Raise, BadSamples::SkipAndCount, BadSamples::Substitute}[below(3)];
    const size_t every_bad = options.on_error == BadSamples::Raise || size < 4 ? 0 : 3 + below(4);
    switch (below(3)) {
      case 0: break;
      case 1: options.seed = engine(); break;
      case 2: options.generator = generator(true); break;
    }
    if (below(3) == 0 && !options.seed && options.on_error != BadSamples::Substitute) {
      options.sample_seeds = SampleSeeds::Sequential;
      options.num_workers = 0;
    }
    const auto of_its_own = generator(below(2));
    const auto random = [&] {
      return std::make_shared<data::RandomSampler>(
          size,
          data::RandomSamplerOptions{.replacement = below(2) == 0, .num_samples = 1 + below(60), .generator = of_its_own});
    };
    const auto sampler = [&]() -> std::shared_ptr<data::Sampler> {
      std::vector<size_t> some(1 + below(size));
      for (auto& index : some) index = below(size);
      switch (below(4)) {
        case 0: return std::make_shared<data::SubsetRandomSampler>(some, of_its_own);
        case 1:
          return std::make_shared<data::WeightedRandomSampler>(std::vector<double>(size, 1.5), 30,
                                                               data::WeightedRandomSamplerOptions{.generator = of_its_own});
        case 2:
          return std::make_shared<data::DistributedSampler>(
              random(), data::DistributedSamplerOptions{.num_replicas = 3, .rank = below(3)});
        default: return random();
      }
    };
    switch (below(4)) {
      case 0: options.shuffle = true; break;
      case 1: options.sampler = sampler(); break;
      case 2: {
        std::vector<size_t> groups(size);
        for (auto& group : groups) group = below(2);
        const auto inner = std::make_shared<data::RandomSampler>(size, data::RandomSamplerOptions{.generator = of_its_own});
        options.batch_sampler = std::make_shared<data::GroupedBatchSampler>(inner, groups, batch_size);
        break;
      }
      case 3: break;
    }
    if (!options.batch_sampler) {
      options.batch_size = batch_size;
      options.drop_last = below(2) == 0;
    }
    return DataLoader(Watched(size, every_bad), options);
  }

 private:
  unsigned seed_;
};

TEST(LoaderState, RandomLoadersGoOnWhereverTheyAreStopped) {
  size_t batches = 0;
  for (unsigned round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    std::mt19937 engine(round + 1000);
    const RandomLoader random_loader(round);
    const auto make = [&] {
      const size_t workers = std::array<size_t, 6>{0, 1, 2, 3, 7, 16}[engine() % 6], prefetch = engine() % 4;
      return random_loader.make(workers, prefetch > 0 ? std::optional(prefetch) : std::nullopt);  // without one the loader chooses
    };

    Stream whole;
    {
      const random::Scope scope(round);
      auto loader = make();
      whole = stream_of(loader, 3);
      batches += whole.given.size();
    }
    const size_t stop = 1 + engine() % whole.given.size();
    Stream before, between, after;
    {
      const random::Scope scope(round);
      auto loader = make();
      before = stream_of(loader, 3, stop);
    }
    const size_t next_stop = whole.given.size() > stop ? 1 + engine() % (whole.given.size() - stop) : 0;
    {
      const random::Scope scope(99);
      auto loader = make();
      loader.load_state(before.state);
      between = stream_of(loader, 3, next_stop);
      expect_rest(whole, stop, between);
    }
    if (next_stop == 0) continue;
    const random::Scope scope(98);
    auto loader = make();
    loader.load_state(between.state);
    after = stream_of(loader, 3);
    expect_rest(whole, stop + next_stop, after);
  }
  EXPECT_GT(batches, 2000u);
}

TEST(LoaderState, AnyNumberOfWorkersTakesItUp) {
  const LoaderOptions options{.batch_size = 4, .shuffle = true};
  torch::manual_seed(3);
  DataLoader loader(Watched(30), options);
  const auto whole = stream_of(loader, 3);
  torch::manual_seed(3);
  DataLoader same(Watched(30), options);
  const auto state = stream_of(same, 3, 11).state;
  for (const size_t workers : {0, 1, 2, 5, 16}) {
    for (const size_t prefetch : {1, 2, 9}) {
      torch::manual_seed(4);
      auto other = options;
      other.num_workers = workers;
      other.prefetch = prefetch;
      DataLoader resumed(Watched(30), other);
      resumed.load_state(state);
      expect_rest(whole, 11, stream_of(resumed, 3));
    }
  }
}

// What index i drew at position i, is what it draws now when it comes the i-th time after the first.
TEST(LoaderState, OfTheFirstVersionEndsItsEpochAsItBegan) {
  struct Same final : data::Sampler {
    explicit Same(size_t index) : index(index) {}
    size_t size() const override { return 8; }
    data::Indices epoch() override {
      return data::detail::drawn_at_once([this] { return std::vector<size_t>(8, index); });
    }
    size_t index;
  };
  const auto draws = [](size_t index, int64_t epoch) {
    DataLoader loader(Drawn(8), {.sampler = std::make_shared<Same>(index), .seed = 5});
    loader.set_epoch(epoch);
    return all_of(loader, 1);
  };
  auto state = hub::Value::dict({{"epoch", 0},
                                 {"batches_done", 1},
                                 {"batches", 4},
                                 {"generators", hub::Value::list()},
                                 {"begin_generators", hub::Value::list()}});
  DataLoader loader(Drawn(8), {.batch_size = 2, .seed = 5});
  loader.load_state(state);
  auto batch = loader.begin();
  state = batch.state();  // two batches were had; it is of the first version still
  loader.load_state(state);
  const auto rest = all_of(loader, 1), next = all_of(loader, 1);
  for (size_t i = 0; i < 8; ++i) {
    const auto index = static_cast<int64_t>(i);
    if (i >= 4) {
      EXPECT_TENSOR_EQ(rest[index - 4], draws(i, 0)[index]);
    }
    EXPECT_TENSOR_EQ(next[index], draws(i, 1)[0]);
  }
  state.set("version", 3);
  EXPECT_ERROR(loader.load_state(state), ValueError, "the state is of version 3, this Opsis knows 1 to 2");
}

TEST(LoaderState, SamplesThatWereHadAreNotReadAgain) {
  const Watched watched(40);
  DataLoader loader(watched, {.batch_size = 4, .shuffle = true});
  auto batch = loader.begin();
  for (int i = 0; i < 6; ++i) ++batch;
  const auto state = batch.state();
  EXPECT_EQ(*watched.reads, 28u);

  const Watched other(40);
  DataLoader resumed(other, {.batch_size = 4, .shuffle = true});
  resumed.load_state(state);
  for (auto& [index, drawn] : resumed) EXPECT_EQ(index.numel(), 4);
  EXPECT_EQ(*other.reads, 12u);
}

TEST(LoaderState, IsSavedAndLoadedAsAFile) {
  const support::TemporaryFolder folder;
  const LoaderOptions options{.batch_size = 4, .shuffle = true, .num_workers = 2};
  torch::manual_seed(3);
  DataLoader loader(Watched(30), options);
  const auto whole = stream_of(loader, 2);
  torch::manual_seed(3);
  DataLoader same(Watched(30), options);
  hub::save(folder.path() / "loader.pt", stream_of(same, 2, 5).state);
  EXPECT_LT(std::filesystem::file_size(folder.path() / "loader.pt"), 32768u);

  torch::manual_seed(5);
  DataLoader resumed(Watched(30), options);
  resumed.load_state(hub::load(folder.path() / "loader.pt"));
  EXPECT_EQ(resumed.epoch(), 0);
  expect_rest(whole, 5, stream_of(resumed, 2));
}

TEST(LoaderState, EveryRankGoesOnWithItsShare) {
  std::vector<int64_t> rest;
  for (const size_t rank : {0, 1, 2}) {
    const auto make = [&](size_t workers) {
      const auto sampler =
          std::make_shared<data::DistributedSampler>(30, data::DistributedSamplerOptions{.num_replicas = 3, .rank = rank});
      return DataLoader(Watched(30), {.batch_size = 2, .sampler = sampler, .num_workers = workers});
    };
    torch::manual_seed(rank);
    auto loader = make(2);
    const auto whole = stream_of(loader, 2);
    torch::manual_seed(rank);
    auto same = make(1);
    const auto state = stream_of(same, 2, 8).state;  // five batches, the end of the epoch, two batches
    torch::manual_seed(77);
    auto resumed = make(0);
    resumed.load_state(state);
    const auto stream = stream_of(resumed, 2);
    expect_rest(whole, 8, stream);
    for (const auto& batch : stream.given) {
      for (int64_t i = 0; batch.numel() > 0 && i < 2; ++i) rest.push_back(batch[i].item().toLong());
    }
  }
  std::sort(rest.begin(), rest.end());
  EXPECT_EQ(rest.size(), 18u);
  EXPECT_EQ(std::unique(rest.begin(), rest.end()), rest.end()) << "no two ranks have an index in common";
}

TEST(LoaderState, AfterTheLastBatchTheEpochThatIsTakenUpIsEmpty) {
  DataLoader loader(Watched(4), {.batch_size = 2});
  auto batch = loader.begin();
  ++batch;
  DataLoader resumed(Watched(4), {.batch_size = 2});
  resumed.load_state(batch.state());
  EXPECT_EQ(resumed.epoch(), 0);
  EXPECT_EQ(resumed.begin(), resumed.end());
  EXPECT_EQ(resumed.epoch(), 1);
}

TEST(LoaderState, OfAnEpochLeftEarlyIsThatOfTheNext) {
  torch::manual_seed(1);
  DataLoader loader(Watched(20), {.batch_size = 4, .shuffle = true});
  loader.begin();
  const auto state = loader.state();
  const auto expected = stream_of(loader, 2);
  DataLoader resumed(Watched(20), {.batch_size = 4, .shuffle = true});
  resumed.load_state(state);
  expect_rest(expected, 0, stream_of(resumed, 2));
}

TEST(LoaderState, OfTwoEpochsUnderWayEachIteratorHasItsOwn) {
  DataLoader loader(Numbers(8), {.batch_size = 2});
  auto a = loader.begin(), b = loader.begin();
  ++ ++a;
  EXPECT_EQ(a.state().get<int64_t>("epoch"), 0);
  EXPECT_EQ(a.state().get<int64_t>("batches_done"), 3);
  EXPECT_EQ(b.state().get<int64_t>("epoch"), 1);
  EXPECT_EQ(loader.state().get<int64_t>("batches_done"), 1) << "of the one that began last";
}

TEST(LoaderState, IsWhatWasLoadedUntilAnEpochBegins) {
  DataLoader loader(Numbers(8), {.batch_size = 2, .shuffle = true});
  auto batch = loader.begin();
  const auto rest = [](DataLoader<int64_t>& from) {
    std::vector<int64_t> out;
    for (auto& numbers : from) {
      for (const auto number : to_vector(numbers)) out.push_back(number);
    }
    return out;
  };
  DataLoader once(Numbers(8), {.batch_size = 2, .shuffle = true});
  once.load_state(batch.state());
  DataLoader twice(Numbers(8), {.batch_size = 2, .shuffle = true});
  twice.load_state(once.state());
  EXPECT_EQ(rest(once), rest(twice));

  twice.load_state(batch.state());
  twice.set_epoch(5);  // another epoch was asked for, and that from its begin
  EXPECT_EQ(rest(twice).size(), 8u);
}

// 0 to 7, but its first epoch cannot be drawn.
struct FailsOnce final : data::Sampler {
  size_t size() const override { return 8; }
  data::Indices epoch() override {
    if (std::exchange(fails, false)) throw std::runtime_error("no order yet");
    return [next = size_t{0}]() mutable { return next < 8 ? std::optional(next++) : std::nullopt; };
  }
  bool fails = true;
};

TEST(LoaderState, IsKeptWhereAnEpochCannotBeDrawn) {
  DataLoader loader(Numbers(8), {.batch_size = 2});
  auto batch = loader.begin();
  ++batch;
  DataLoader resumed(Numbers(8), {.batch_size = 2, .sampler = std::make_shared<FailsOnce>()});
  resumed.load_state(batch.state());
  EXPECT_THROW(resumed.begin(), std::runtime_error);
  EXPECT_EQ(resumed.epoch(), 0);
  EXPECT_EQ(resumed.state().get<int64_t>("batches_done"), 2);
  std::vector<int64_t> rest;
  for (auto& numbers : resumed) rest.push_back(to_vector(numbers)[0]);
  EXPECT_EQ(rest, (std::vector<int64_t>{4, 6}));
}

TEST(LoaderState, OfAnotherLoaderIsRefusedAndChangesNothing) {
  DataLoader loader(Numbers(8), {.batch_size = 2, .shuffle = true});
  auto batch = loader.begin();
  const auto state = batch.state();
  DataLoader other(Numbers(8), {.batch_size = 4, .shuffle = true});
  EXPECT_ERROR(other.load_state(state), ValueError, "a loader with 4 batches an epoch, this one has 2");
  DataLoader seeded(Numbers(8), {.batch_size = 2, .shuffle = true, .seed = 1});
  EXPECT_ERROR(seeded.load_state(state), ValueError, "the generators it draws from are 1 in number, here 0");

  torch::manual_seed(1);
  const auto untouched = torch::rand(1);
  torch::manual_seed(1);
  DataLoader same(Numbers(8), {.batch_size = 2, .shuffle = true});
  EXPECT_ERROR(same.load_state(hub::Value::dict({{"epoch", 1}})), NotFoundError, "batches");
  auto broken = state;
  broken.set("begin_generators", hub::Value::list({torch::zeros({5056}, torch::kUInt8)}));
  EXPECT_ERROR(same.load_state(broken), ValueError, "number 0 of the generators' states is none");
  broken.set("begin_generators", hub::Value::list({torch::zeros({3})}));
  EXPECT_ERROR(same.load_state(broken), ValueError, "number 0 of the generators' states is none");
  broken.set("batches_done", -1);
  EXPECT_ERROR(same.load_state(broken), ValueError, "batches_done must not be negative, got -1");
  EXPECT_EQ(same.epoch(), 0);
  EXPECT_TENSOR_EQ(torch::rand(1), untouched);
}

}  // namespace
}  // namespace opsis
