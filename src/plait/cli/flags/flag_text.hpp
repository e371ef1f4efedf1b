#pragma once

#include "plait/cli/flags/command.hpp"
#include "plait/cli/flags/flag.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Parts of the texts that are made from flags: `--help`, docs/cli.md, the man page.
namespace plait::cli {

/// Flags that stand together.
struct FlagGroup {
    std::string_view heading;  ///< empty: none
    std::vector<Flag> flags;
};

/// The flags by their headings. Groups stand in the order in which they first appear; flags keep their order.
std::vector<FlagGroup> grouped(std::vector<Flag> flags);

/// A flag as one types it: `-o, --output FILE`.
std::string spelled(const Flag& flag);

/// The help of a flag, with what follows from its other fields.
std::string help_of(const Flag& flag);

/// How to call a command: `plait run REQUESTS... [flags]`.
std::string usage(const Command& command);

/// `text` broken into lines of at most `columns`, where a blank allows it; each line but the first is indented by
/// `indent` blanks, which count. Empty lines between paragraphs are kept.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns);

}  // namespace plait::cli
