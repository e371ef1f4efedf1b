#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::convert {

/// Whether the text is a request of Bruno: `meta {`, and a block for a method.
bool is_bruno(const Input& input);

/// Adds the request of a `.bru` file as Bruno's command sends it, with the headers, variables and login of its folders
/// (`folder.bru`) and its collection (`collection.bru`, beside `bruno.json`). Scripts are not run.
void read_bruno(const Input& input, Conversion& conversion);

/// A block of a `.bru` file: `headers { ... }`.
class BruBlock {
  public:
    /// `text` is what stands between the braces.
    BruBlock(std::string name_, std::string text_) : name(std::move(name_)), text(std::move(text_)) {}

    /// The lines `name: value`, without those that are switched off by `~`.
    std::vector<std::pair<std::string, std::string>> pairs() const;

    std::string name;
    std::string text;  ///< without the indentation of two blanks
};

/// Splits a `.bru` file into its blocks.
std::vector<BruBlock> bru_blocks(std::string_view text);

}  // namespace plait::convert
