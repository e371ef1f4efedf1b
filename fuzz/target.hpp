#pragma once

#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Gives `bytes` to the reader of this target. May throw `plait::Error`, the answer to bytes that are wrong; anything
/// else that is thrown, a failed assertion or a sanitizer's complaint is a bug.
void feed(std::string_view bytes);

/// What libFuzzer, or replay_main.cpp, calls.
extern "C" inline __attribute__((used)) int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        feed(std::string_view(reinterpret_cast<const char*>(data), size));
    } catch (const plait::Error&) {
    }
    return 0;
}
