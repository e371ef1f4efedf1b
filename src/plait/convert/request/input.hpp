#pragma once

#include "plait/convert/request/variables.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::convert {

/// A foreign file, with what its reader needs to know.
class Input {
  public:
    Input(std::string path_, std::string text_) : path(std::move(path_)), text(std::move(text_)) {}

    /// The path of a file that this one names, relative to its folder; standard input is in the working directory.
    /// Throws `Error(bad_input)` if it is elsewhere, also by way of a symbolic link: a stranger's recording must not
    /// make you send your own files.
    std::string beside(std::string_view name) const;

    /// What messages call it: the path, or `standard input`.
    std::string name() const { return path == "-" ? "standard input" : path; }

    /// Whether the file's name ends so: `.har`.
    bool has_ending(std::string_view ending) const noexcept { return path.ends_with(ending); }

    std::string path;  ///< `-`: standard input
    std::string text;
    Variables variables{};  ///< those of the command line
    std::string prefix{};   ///< put before what a message says of a place: the file's name where there are several
};

/// The same for a list, whose program looks for files in the working directory.
std::string in_working_directory(std::string_view name);

/// The largest file that is converted.
inline constexpr std::size_t largest_input = std::size_t{2} << 30;

/// Returns `path` itself, or the requests of a folder of Bruno's: all `.bru` files in it but those of environments,
/// folders and the collection, by their names. Throws `Error(bad_input)` for a folder without any.
std::vector<std::string> input_files(const std::string& path);

/// Reads the file `path`, or standard input for `-`. Throws `Error(bad_input)`, also for an empty file.
Input read_input(const std::string& path);

}  // namespace plait::convert
