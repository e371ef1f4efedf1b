#include "plait/cli/command_line.hpp"

#include "plait/base/error.hpp"
#include "plait/cli/pages/reference.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::cli;

namespace {

using Strings = std::vector<std::string>;

/// Records the values of its flags.
class PackCommand final : public Command {
  public:
    explicit PackCommand(Strings& notes) : notes_(notes) {}

    std::string_view name() const override { return "pack"; }
    std::string_view help() const override { return "Pack a suitcase."; }
    std::vector<Flag> flags() override {
        std::vector<Flag> flags{
            {"-w,--weight", "KILOGRAMS", "Pack at most this.",
             [this](const std::string& value) {
                 if (value == "heavy") throw Error(ErrorCode::bad_input, "'heavy' is not a number");
                 notes_.push_back("weight " + value);
             }},
            {"--quick", "", "Fold nothing.", [this](const std::string&) { notes_.push_back("quick"); }},
        };
        flags.push_back(Flag("--socks", "[PAIRS]", "Pack socks.", [this](const std::string& value) {
                            notes_.push_back("socks " + value);
                        }).with_optional_number("7"));
        Flag shirt("--shirt", "COLOUR", "Pack a shirt of this colour.",
                   [this](const std::string& value) { notes_.push_back("shirt " + value); });
        shirt = std::move(shirt).repeatable().with_choices({{"red", "like a fire engine"}, {"blue", "like the sea"}});
        return joined(std::move(flags), under("Clothes", {shirt}));
    }
    Positional positional() const override { return {"THINGS", "Other things to pack."}; }
    void set_positional(Strings values) override {
        for (const std::string& value : values) notes_.push_back("thing " + value);
    }
    int run() override { return 7; }

  private:
    Strings& notes_;
};

class WaitCommand final : public Command {
  public:
    std::string_view name() const override { return "wait"; }
    std::string_view help() const override { return "Wait."; }
    std::vector<Flag> flags() override { return {}; }
    int run() override { return 0; }
};

Commands commands(Strings& notes) {
    Commands all;
    all.push_back(std::make_unique<PackCommand>(notes));
    all.push_back(std::make_unique<WaitCommand>());
    return all;
}

Strings notes_of(Strings arguments) {
    Strings notes;
    const Commands all = commands(notes);
    const Request request = parse_command_line(all, std::move(arguments), "1.2.3");
    CHECK(request.command == all.front().get());
    return notes;
}

std::string text_of(Strings arguments) {
    Strings notes;
    const Request request = parse_command_line(commands(notes), std::move(arguments), "1.2.3");
    CHECK(request.command == nullptr);
    return request.text;
}

std::string refusal_of(Strings arguments) {
    Strings notes;
    try {
        parse_command_line(commands(notes), std::move(arguments), "1.2.3");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return "not refused";
}

}  // namespace

TEST_CASE("flags take effect in any spelling and between other arguments") {
    CHECK(notes_of({"pack", "-w", "20", "shoes", "--quick"}) == Strings{"weight 20", "quick", "thing shoes"});
    CHECK(notes_of({"pack", "--weight=20", "--", "--quick"}) == Strings{"weight 20", "thing --quick"});
    CHECK(notes_of({"pack", "-"}) == Strings{"thing -"});
}

TEST_CASE("a repeatable flag takes one value each time") {
    CHECK(notes_of({"pack", "--shirt", "red", "hat", "--shirt", "blue"}) ==
          Strings{"shirt red", "shirt blue", "thing hat"});
}

TEST_CASE("an optional value is the number behind its flag, or what stands behind =") {
    CHECK(notes_of({"pack", "--socks"}) == Strings{"socks 7"});
    CHECK(notes_of({"pack", "--socks", "3", "hat"}) == Strings{"socks 3", "thing hat"});
    CHECK(notes_of({"pack", "--socks=4", "5"}) == Strings{"socks 4", "thing 5"});
    CHECK(notes_of({"pack", "--socks", "/dev/null"}) == Strings{"socks 7", "thing /dev/null"});
    CHECK(notes_of({"pack", "--socks", "http://hat/"}) == Strings{"socks 7", "thing http://hat/"});
    CHECK(notes_of({"pack", "hat", "--socks"}) == Strings{"socks 7", "thing hat"});
    CHECK(notes_of({"pack", "--socks", "--quick"}) == Strings{"quick", "socks 7"});
    CHECK(notes_of({"pack", "--", "--socks", "3"}) == Strings{"thing --socks", "thing 3"});
    CHECK(refusal_of({"pack", "--socks", "--socks", "2"}) == "--socks may be given only once");
    for (const std::string wrong : {"3x", "-1", "abc"})
        CHECK(refusal_of({"pack", "/dev/null", "--socks", wrong}) ==
              "--socks [PAIRS]: '" + wrong + "' is neither a number, nor an existing file, nor a URL");
}

TEST_CASE("a value may look like a flag") { CHECK(notes_of({"pack", "-w", "-1"}) == Strings{"weight -1"}); }

TEST_CASE("a misspelled flag or command gets a suggestion") {
    CHECK(refusal_of({"pack", "--wieght", "20"}) == "unknown flag --wieght, did you mean --weight?");
    CHECK(refusal_of({"pack", "--quik=1"}) == "unknown flag --quik, did you mean --quick?");
    CHECK(refusal_of({"pack", "--verbose"}) == "unknown flag --verbose");
    CHECK(refusal_of({"pakc"}) == "unknown command pakc, did you mean pack? (the commands are pack, wait)");
    CHECK(refusal_of({}) == "no command; the commands are pack, wait");
}

TEST_CASE("a flag with a missing, repeated or invalid value is named") {
    CHECK(refusal_of({"pack", "--weight"}) == "--weight needs a value: KILOGRAMS");
    CHECK(refusal_of({"pack", "--weight", "1", "-w", "2"}) == "--weight may be given only once");
    CHECK(refusal_of({"pack", "-w", "heavy"}) == "--weight: 'heavy' is not a number");
    CHECK(refusal_of({"pack", "--quick=no"}) == "--quick takes no value");
}

TEST_CASE("a surplus argument is named") { CHECK(refusal_of({"wait", "long"}) == "unexpected argument long"); }

TEST_CASE("help and version are printed") {
    CHECK(text_of({"--version"}) == "plait 1.2.3\n");
    CHECK(text_of({"-V"}) == "plait 1.2.3\n");
    CHECK(text_of({"help"}) == text_of({"--help"}));
    CHECK(text_of({"help", "pack"}) == text_of({"pack", "--help"}));
    CHECK(text_of({"--help", "pack"}) == text_of({"pack", "--help"}));
    CHECK(refusal_of({"--help", "--bogus"}) == "unknown flag --bogus");
    CHECK(refusal_of({"--version", "now"}) == "unexpected argument now");
    CHECK(refusal_of({"help", "pakc"}) == "unknown command pakc, did you mean pack? (the commands are pack, wait)");
    CHECK(refusal_of({"--verison"}) ==
          "unknown flag --verison, did you mean --version? (plait --help lists the commands)");
    CHECK(refusal_of({"pack", "--bogus", "--help"}) == "unknown flag --bogus");
    CHECK(text_of({"--help"}).find("  pack                      Pack a suitcase.\n") != std::string::npos);
    CHECK(text_of({"pack", "--help"}) ==
          "Pack a suitcase.\n\nUsage: plait pack THINGS... [flags]\n\n"
          "  THINGS                    Other things to pack.\n\n"
          "  -w, --weight KILOGRAMS    Pack at most this.\n"
          "  --quick                   Fold nothing.\n"
          "  --socks [PAIRS]           Pack socks.\n\n"
          "Clothes:\n"
          "  --shirt COLOUR            Pack a shirt of this colour. Repeatable.\n"
          "      red                   like a fire engine\n"
          "      blue                  like the sea\n\n"
          "  --help                    Print this help.\n");
}

TEST_CASE("the reference page has every command and every flag") {
    const std::string page = text_of({"--help-markdown"});
    for (const char* part : {"\n## plait pack\n", "\n- `-w, --weight KILOGRAMS`: Pack at most this.\n",
                             "`THINGS`: Other things to pack.\n", "\n### Clothes\n",
                             "\n  - `red`: like a fire engine\n", "\n## plait wait\n", "\n## Exit codes\n", "| 3 | "}) {
        CHECK(page.find(part) != std::string::npos);
    }
}
