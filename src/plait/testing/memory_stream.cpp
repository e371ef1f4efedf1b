#include "plait/testing/memory_stream.hpp"

#include "plait/async/coordination/event.hpp"
#include "plait/base/error.hpp"
#include "plait/trace/recorder.hpp"

#include <algorithm>

namespace plait::testing {

namespace {

/// The bytes on their way in one direction.
struct Direction {
    Direction() noexcept { writable.set(); }

    std::string waiting;
    std::string written;
    Event readable{trace::Wait::readable};
    Event writable{trace::Wait::writable};
    bool writer_gone = false;
    bool reader_gone = false;
    bool was_reset = false;
};

class End final : public MemoryStream {
  public:
    End(std::shared_ptr<Direction> in, std::shared_ptr<Direction> out, const MemoryStreamOptions& options)
        : in_(std::move(in)), out_(std::move(out)), options_(options) {}

    ~End() override {
        if (resets_at_close_) reset(false);
        close_write();
        in_->reader_gone = true;
        in_->writable.set();
    }

    std::optional<std::size_t> try_read(std::span<std::byte> bytes) override {
        if (in_->waiting.empty() && in_->was_reset)
            throw Error(ErrorCode::reset, "memory: connection reset by the peer");
        if (in_->waiting.empty() && in_->writer_gone) return 0;
        if (in_->waiting.empty()) {
            in_->readable.reset();
            return std::nullopt;
        }
        const std::size_t count = std::min({bytes.size(), in_->waiting.size(), options_.largest_read});
        std::copy_n(reinterpret_cast<const std::byte*>(in_->waiting.data()), count, bytes.data());
        in_->waiting.erase(0, count);
        in_->writable.set();
        return count;
    }

    std::optional<std::size_t> try_write(std::span<const std::byte> bytes) override {
        if (out_->reader_gone || out_->was_reset)
            throw Error(ErrorCode::reset, "memory: the peer has closed the connection");
        const std::size_t room = options_.capacity - std::min(options_.capacity, out_->waiting.size());
        if (room == 0) {
            out_->writable.reset();
            return std::nullopt;
        }
        const std::size_t count = std::min(room, bytes.size());
        const auto* text = reinterpret_cast<const char*>(bytes.data());
        out_->waiting.append(text, count);
        out_->written.append(text, count);
        out_->readable.set();
        return count;
    }

    Task<void> readable() override { co_await in_->readable.wait(); }
    Task<void> writable() override { co_await out_->writable.wait(); }

    bool is_quiet() override { return in_->waiting.empty() && !in_->writer_gone && !in_->was_reset; }

    void close_write() noexcept override {
        out_->writer_gone = true;
        out_->readable.set();
    }

    void reset_at_close() noexcept override { resets_at_close_ = true; }

    void reset(bool at_once) override {
        if (at_once) out_->waiting.clear();
        out_->was_reset = in_->was_reset = true;
        out_->readable.set();
        in_->writable.set();
    }

    const std::string& written() const noexcept override { return out_->written; }

  private:
    std::shared_ptr<Direction> in_;
    std::shared_ptr<Direction> out_;
    MemoryStreamOptions options_;
    bool resets_at_close_ = false;
};

}  // namespace

std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> memory_streams(MemoryStreamOptions options) {
    auto there = std::make_shared<Direction>();
    auto back = std::make_shared<Direction>();
    return {std::make_unique<End>(back, there, options), std::make_unique<End>(there, back, options)};
}

Task<void> write_text(ByteStream& stream, std::string text) {
    co_await write_all(stream, std::as_bytes(std::span(text)));
}

Task<std::string> read_until(ByteStream& stream, std::string end) {
    std::string text;
    std::byte next;
    while (!text.ends_with(end)) {
        if (co_await read_some(stream, std::span(&next, 1)) == 0) break;
        text.push_back(static_cast<char>(next));
    }
    co_return text;
}

}  // namespace plait::testing
