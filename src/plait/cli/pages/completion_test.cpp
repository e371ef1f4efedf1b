#include "plait/cli/pages/completion.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace plait::cli;

namespace {

class SpliceCommand final : public Command {
  public:
    std::string_view name() const override { return "splice"; }
    std::string_view help() const override { return "Join two ropes. Takes a while."; }
    Positional positional() const override { return {"RESULTS", "A file."}; }
    std::vector<Flag> flags() override {
        const auto nothing = [](const std::string&) {};
        return {{"-o,--output", "FILE", "Write: [here].", nothing},
                {"--folder", "DIR", "Work there.", nothing},
                {"--knot", "N|bowline|reef", "Don't slip. Ever.", nothing},
                Flag("--rope", "UNIT=LENGTH", "Take a rope.", nothing).repeatable(),
                Flag("--hitches", "[N]", "Make hitches.", nothing).with_optional_number("2"),
                {"--quick", "", "Hurry.", nothing}};
    }
    int run() override { return 0; }
};

void check_script(std::string_view shell, const std::vector<std::string>& parts) {
    Commands commands;
    commands.push_back(std::make_unique<SpliceCommand>());
    for (const Shell& each : shells) {
        if (each.name != shell) continue;
        const std::string script = each.completion(commands);
        for (const std::string& part : parts) {
            CAPTURE(part);
            CAPTURE(script);
            CHECK(script.find(part) != std::string::npos);
        }
    }
}

}  // namespace

TEST_CASE("bash completes flags, words, files and directories") {
    check_script("bash",
                 {"_plait_reply_with '--help -h --version -V help splice'", "    help) _plait_reply_with 'splice' ;;\n",
                  "        -o | --output) _plait_reply_with_files -f; return ;;\n",
                  "        --folder) _plait_reply_with_files -d; return ;;\n",
                  "        --knot) _plait_reply_with 'bowline reef'; return ;;\n", "        --rope) return ;;\n",
                  "_plait_reply_with '--help -o --output --folder --knot --rope --hitches --quick'"});
}

TEST_CASE("zsh completes flags with their help") {
    check_script(
        "zsh",
        {"        'splice:Join two ropes'\n", "'(-o --output)-o[Write\\: \\[here\\]]:FILE:_files'",
         "'(-o --output)--output[Write\\: \\[here\\]]:FILE:_files'", "'(--folder)--folder[Work there]:DIR:_files -/'",
         "'(--knot)--knot[Don'\\''t slip]:N|bowline|reef:(bowline reef)'", "'*--rope[Take a rope]:UNIT=LENGTH: '",
         "'(--hitches)--hitches[Make hitches]::[N]: '", "'(--quick)--quick[Hurry]'", "'*:RESULTS:_files'"});
}

TEST_CASE("fish completes flags with their help") {
    const std::string start = "complete -c plait -n '__fish_seen_subcommand_from splice'";
    check_script("fish",
                 {"complete -c plait -n __fish_use_subcommand -a splice -d 'Join two ropes'\n", start + " -F\n",
                  start + " -s o -l output -r -F -d 'Write: [here]'\n",
                  start + " -l folder -x -a '(__fish_complete_directories)' -d 'Work there'\n",
                  start + " -l knot -x -a 'bowline reef' -d 'Don\\'t slip'\n", start + " -l rope -x -d 'Take a rope'\n",
                  start + " -l hitches -d 'Make hitches'\n", start + " -l quick -d 'Hurry'\n"});
}
