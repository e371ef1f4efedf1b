#include "plait/testing/check_byte_stream.hpp"

#include "plait/testing/async_test.hpp"
#include "plait/testing/memory_stream.hpp"

#include <memory>
#include <optional>
#include <span>
#include <utility>

using namespace plait;
using namespace plait::testing;

namespace {

/// Forwards to a memory stream, but always says that it is quiet.
class AlwaysQuiet final : public ByteStream {
  public:
    explicit AlwaysQuiet(std::unique_ptr<MemoryStream> inner) : inner_(std::move(inner)) {}

    std::optional<std::size_t> try_read(std::span<std::byte> bytes) override { return inner_->try_read(bytes); }
    std::optional<std::size_t> try_write(std::span<const std::byte> bytes) override { return inner_->try_write(bytes); }
    Task<void> readable() override { return inner_->readable(); }
    Task<void> writable() override { return inner_->writable(); }
    bool is_quiet() override { return true; }
    void close_write() noexcept override { inner_->close_write(); }

  private:
    std::unique_ptr<MemoryStream> inner_;
};

Task<StreamPair> connect_carelessly() {
    auto [here, there] = memory_streams();
    co_return StreamPair(std::make_unique<AlwaysQuiet>(std::move(here)), std::move(there));
}

}  // namespace

ASYNC_TEST("a stream that breaks a promise fails the check" * doctest::should_fail()) {
    co_await check_byte_stream(connect_carelessly);
}
