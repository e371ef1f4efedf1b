#include "plait/cli/pages/man_page.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace plait::cli;

namespace {

class SpliceCommand final : public Command {
  public:
    std::string_view name() const override { return "splice"; }
    std::string_view help() const override { return "Join two ropes."; }
    std::string_view notes() const override { return "First paragraph.\n\n'Second' paragraph."; }
    Positional positional() const override { return {"ROPE", "A rope.", false}; }
    std::vector<Flag> flags() override {
        return under("Tools", {Flag("-f,--fid", "SIZE", ".5-inch or C:\\fid.", [](const std::string&) {
                               }).with_choices({{"small", "for twine"}})});
    }
    int run() override { return 0; }
};

std::string page() {
    Commands commands;
    commands.push_back(std::make_unique<SpliceCommand>());
    return man_page(commands, "1.2.3");
}

}  // namespace

TEST_CASE("the manual page has each command with its flags under their headings") {
    const std::string text = page();
    CHECK(text.starts_with(".TH PLAIT 1 \"\" \"plait 1.2.3\" \"User Commands\"\n.SH NAME\nplait \\- "));
    for (const char* part :
         {"\n.SH \"plait splice\"\n.B plait splice ROPE [flags]\n.PP\nJoin two ropes.\n",
          "\n.TP\n\\fIROPE\\fR\nA rope.\n", "\n.SS Tools\n", "\n.TP\n\\fB\\-f\\fR, \\fB\\-\\-fid\\fR \\fISIZE\\fR\n",
          "\n.RS\n.TP\n\\fBsmall\\fR\nfor twine\n.RE\n", "\n.SH \"EXIT STATUS\"\n"}) {
        CAPTURE(part);
        CHECK(text.find(part) != std::string::npos);
    }
}

TEST_CASE("text in the manual page is neither a troff request nor a troff escape") {
    const std::string text = page();
    CHECK(text.find("\n\\&.5\\-inch or C:\\efid.\n") != std::string::npos);
    CHECK(text.find("\n.PP\n\\&'Second' paragraph.\n") != std::string::npos);
}
