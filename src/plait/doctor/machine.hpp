#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/method/descriptor_limit.hpp"
#include "plait/net/system_trust.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace plait::doctor {

/// What came of writing a file in a folder, as a run writes its results and its state.
struct DiskTrial {
    DiskTrial() noexcept {}

    std::string folder;
    bool has_folder = true;
    /// Why the file of results can't be written, or no file in its folder can be created, written, locked or brought to
    /// the disk, with the step; empty: all can.
    std::string failure;
    /// Whether files can be mapped into shared memory.
    bool has_shared_maps = true;
    /// Whether the folder is in memory, and is lost when the machine stops.
    bool is_memory = false;
    /// The time that fdatasync took: the middle one of several.
    Duration sync{};
    std::uint64_t free_bytes = 0;
    /// Files that can still be created; nothing: the file system has no limit.
    std::optional<std::uint64_t> free_files;
};

/// The machine as the checks see it: this one, or one that a test makes up.
class Machine {
  public:
    virtual ~Machine() = default;

    virtual batch::DescriptorLimits descriptors() const = 0;
    /// The content of a file below /proc or /sys; nothing if it can't be read.
    virtual std::optional<std::string> text_of(const std::string& path) const = 0;
    /// The processors that this process may use.
    virtual std::size_t processors() const = 0;
    /// The memory for the bodies of all answers in flight, if no flag says otherwise.
    virtual std::size_t body_memory() const = 0;
    /// Whether a loop can wait for a time in nanoseconds.
    virtual bool has_nanosecond_waits() const = 0;
    virtual net::SystemTrust trust() const = 0;
    /// The number of certificates in a file; 0 if it can't be read.
    virtual std::size_t certificates_in(const std::string& file) const = 0;
    /// Opens this file of results if it exists, without a change to it. Writes another file in its folder, and removes
    /// that. Empty: there is only the working directory.
    virtual DiskTrial try_disk(const std::string& output) const = 0;
};

/// This machine.
class ThisMachine final : public Machine {
  public:
    batch::DescriptorLimits descriptors() const override;
    std::optional<std::string> text_of(const std::string& path) const override;
    std::size_t processors() const override;
    std::size_t body_memory() const override;
    bool has_nanosecond_waits() const override;
    net::SystemTrust trust() const override;
    std::size_t certificates_in(const std::string& file) const override;
    DiskTrial try_disk(const std::string& output) const override;
};

}  // namespace plait::doctor
