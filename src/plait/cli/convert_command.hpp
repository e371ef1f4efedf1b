#pragma once

#include "plait/cli/flags/command.hpp"
#include "plait/convert/kinds.hpp"
#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/variables.hpp"

#include <string>
#include <utility>
#include <vector>

namespace plait::cli {

/// `plait convert`: makes request lines of other programs' files.
class ConvertCommand final : public Command {
  public:
    std::string_view name() const override { return "convert"; }
    std::string_view help() const override;
    std::string_view notes() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { files_ = std::move(values); }
    int run() override;

  private:
    void read(const std::string& path, const std::string& prefix, convert::Conversion& conversion) const;
    /// The others are converted all the same.
    void read_one_of_several(const std::string& path, convert::Conversion& conversion) const;
    void report(const convert::Conversion& conversion) const;

    std::vector<std::string> files_;
    const convert::Kind* kind_ = nullptr;
    std::string output_ = "-";
    convert::Variables variables_;
    bool overwrite_ = false;
};

}  // namespace plait::cli
