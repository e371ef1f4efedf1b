#include "plait/batch/secret_expander.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/internal/test_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

using namespace plait;
using namespace plait::batch;
using batch::internal::memory_file;

namespace {

SecretExpander expander(Secrets* secrets = nullptr) {
    return SecretExpander(
        [](std::string_view name) -> std::optional<std::string> {
            if (name == "KEY") return "s3cret";
            if (name == "NESTED") return "{{env.KEY}}";
            if (name == "QUOTED") return "a\"b\\\n\xc3\xa9";
            if (name == "EMPTY") return "";
            if (name == "cl\xc3\xa9/a") return "found";
            return std::nullopt;
        },
        secrets);
}

std::string expanded(std::string_view text) { return expander().expand(text); }
std::string expanded_json(std::string_view json) { return expander().expand_json(json); }

template <class Expand>
std::string fault_of(Expand expand) {
    try {
        expand();
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return "";
}

std::string in_file(std::string_view content) {
    const UniqueFd file = memory_file(content);
    return expander().expand(fmt::format("{{{{file./proc/self/fd/{}}}}}", file.get()));
}

}  // namespace

TEST_CASE("a secret takes the place of its name, any number of times") {
    CHECK(expanded("Bearer {{env.KEY}}") == "Bearer s3cret");
    CHECK(expanded("{{env.KEY}}{{env.KEY}} {{env.EMPTY}}.") == "s3crets3cret .");
    CHECK(expanded("{{{env.KEY}}}") == "{s3cret}");
}

TEST_CASE("other braces stay as they are") {
    for (const char* text : {"", "{{other}} {", "{{ env.KEY }}", "{{env}}", "{{ENV.KEY}}", "{env.KEY}", "{{", "}}{{"}) {
        CHECK(expanded(text) == text);
    }
}

TEST_CASE("what a secret says is not expanded again") { CHECK(expanded("{{env.NESTED}}") == "{{env.KEY}}"); }

TEST_CASE("in JSON a secret is escaped, and its name may be") {
    CHECK(expanded_json(R"({"a":"{{env.QUOTED}}"})") == "{\"a\":\"a\\\"b\\\\\\n\xc3\xa9\"}");
    CHECK(expanded_json(R"(["{{env.cl\u00e9\/a}}"])") == R"(["found"])");
}

TEST_CASE("a name in JSON ends with its string") {
    CHECK(fault_of([] { expanded_json(R"({"a":"{{env.KEY","b":"}}"})"); }) == "{{env. has no }} behind it");
}

TEST_CASE("what stands in a file loses one line end") {
    CHECK(in_file("key") == "key");
    CHECK(in_file("key\n") == "key");
    CHECK(in_file("key\r\n") == "key");
    CHECK(in_file("key\n\n") == "key\n");
    CHECK(in_file("") == "");
}

TEST_CASE("a file is read once") {
    const UniqueFd file = memory_file("first");
    SecretExpander secrets = expander();
    const std::string name = fmt::format("{{{{file./proc/self/fd/{}}}}}", file.get());
    CHECK(secrets.expand(name) == "first");
    REQUIRE(::pwrite(file.get(), "other", 5, 0) == 5);
    CHECK(secrets.expand(name) == "first");
}

TEST_CASE("a file that is no secret is refused by its path") {
    CHECK(fault_of([] { expanded("{{file./none/key}}"); }) == "open /none/key: No such file or directory");
    CHECK(fault_of([] { expanded("{{file./dev/zero}}"); }) == "/dev/zero is not a plain file");
    CHECK(in_file(std::string(SecretExpander::largest_file, 'x')).size() == SecretExpander::largest_file);
    CHECK(fault_of([] {
              in_file(std::string(SecretExpander::largest_file + 1, 'x'));
          }).ends_with("is larger than 64 KiB"));
}

TEST_CASE("names can stay where they are when there is something behind them, and only then") {
    const Environment environment = [](std::string_view name) {
        return name == "KEY" ? std::optional<std::string>("secret") : std::nullopt;
    };
    Secrets secrets;
    SecretExpander names(environment, &secrets, SecretExpander::Put::names);
    CHECK(names.expand("a {{env.KEY}} b {{env.KEY}}") == "a {{env.KEY}} b {{env.KEY}}");
    CHECK(secrets.empty());
    CHECK_THROWS_AS(names.expand("{{env.OTHER}}"), Error);
    CHECK_THROWS_AS(names.expand("{{file./no/such/file}}"), Error);
}
