#include "plait/batch/lines/input_fingerprint.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace plait::batch {

namespace {

constexpr std::uint64_t block_lines = InputFingerprint::block_lines;

[[noreturn]] void refuse(const std::string& name, const std::string& change, std::string_view advice) {
    throw Error(ErrorCode::bad_input, fmt::format("{} changed since this run began: {}: {}", name, change, advice));
}

}  // namespace

/// Hashes one block after the other.
class InputWatch::Digest {
  public:
    Digest() : context_(::EVP_MD_CTX_new()), copy_(::EVP_MD_CTX_new()) { begin(); }

    void add(std::string_view line) {
        // Short lines are collected: each call costs as much as hashing about ten bytes.
        constexpr std::size_t enough = 4096;
        if (line.size() < enough) {
            gathered_ += line;
        } else {
            flush();
            ::EVP_DigestUpdate(context_.get(), line.data(), line.size());
        }
        gathered_ += '\n';
        if (gathered_.size() >= enough) flush();
    }

    /// Returns the hash of the block so far.
    InputFingerprint::BlockHash hash() {
        flush();
        std::array<unsigned char, EVP_MAX_MD_SIZE> full{};
        const bool made = ::EVP_MD_CTX_copy_ex(copy_.get(), context_.get()) == 1 &&
                          ::EVP_DigestFinal_ex(copy_.get(), full.data(), nullptr) == 1;
        PLAIT_ASSERT(made, "a SHA-256 can be made");
        InputFingerprint::BlockHash hash;
        std::copy_n(full.begin(), hash.size(), hash.begin());
        return hash;
    }

    void begin() {
        gathered_.clear();
        const bool begun = ::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr) == 1;
        PLAIT_ASSERT(begun, "a SHA-256 can be begun");
    }

  private:
    void flush() {
        ::EVP_DigestUpdate(context_.get(), gathered_.data(), gathered_.size());
        gathered_.clear();
    }

    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept { ::EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
    std::unique_ptr<EVP_MD_CTX, Free> copy_;
    std::string gathered_;
};

InputWatch::InputWatch(std::string name, InputFingerprint before, bool extend, Save save, std::string_view if_changed)
    : name_(std::move(name)),
      if_changed_(if_changed),
      before_(std::move(before)),
      extend_(extend),
      save_(std::move(save)),
      saved_blocks_(before_.lines / block_lines),
      digest_(std::make_unique<Digest>()) {}

InputWatch::~InputWatch() = default;

void InputWatch::see(std::string_view line) {
    digest_->add(line);
    ++seen_.lines;
    const bool is_full = seen_.lines % block_lines == 0;
    // After an early crash, the next run should know at least how the input began.
    const bool is_early = seen_.lines < block_lines && std::has_single_bit(seen_.lines);
    if (!is_full && !is_early && seen_.lines != before_.lines) return;
    const InputFingerprint::BlockHash hash = digest_->hash();
    const std::uint64_t block = (seen_.lines - 1) / block_lines;
    if (seen_.lines == before_.lines || (is_full && seen_.lines < before_.lines)) compare(hash, block);
    seen_.blocks.push_back(hash);
    if (seen_.lines > before_.lines && (extend_ || !before_.is_complete)) save();
    if (is_full) {
        digest_->begin();
    } else {
        seen_.blocks.pop_back();
    }
}

void InputWatch::compare(const InputFingerprint::BlockHash& hash, std::uint64_t block) const {
    if (hash == before_.blocks[block]) return;
    refuse(name_, fmt::format("something in lines {} to {} differs", block * block_lines + 1, seen_.lines),
           if_changed_);
}

void InputWatch::refuse_appended() const {
    if (!has_more_than_before() || extend_) return;
    refuse(name_, fmt::format("more than its {} line{} came", before_.lines, before_.lines == 1 ? "" : "s"),
           "--extend accepts them");
}

void InputWatch::end() {
    if (seen_.lines < before_.lines) {
        refuse(name_,
               fmt::format("it has {} line{}, and had {}", seen_.lines, seen_.lines == 1 ? "" : "s", before_.lines),
               if_changed_);
    }
    if (has_more_than_before() && !extend_) {
        const std::uint64_t more = seen_.lines - before_.lines;
        refuse(name_, fmt::format("{} {} appended", more, more == 1 ? "line was" : "lines were"),
               "--extend accepts them");
    }
    if (seen_.lines % block_lines != 0) seen_.blocks.push_back(digest_->hash());
    seen_.is_complete = true;
    if (!before_.is_complete || seen_.lines > before_.lines) save();
}

void InputWatch::save() {
    save_(seen_, saved_blocks_);
    saved_blocks_ = seen_.lines / block_lines;
}

}  // namespace plait::batch
