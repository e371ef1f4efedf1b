#include "plait/batch/requests/secret_expander.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/testing/test_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace plait;
using namespace plait::batch;
using batch::internal::memory_file;

namespace {

std::optional<std::string> environment(std::string_view name) {
    if (name == "KEY") return "s3cret";
    if (name == "NESTED") return "{{env.KEY}}";
    if (name == "EMPTY") return "";
    return std::nullopt;
}

const PermittedSecrets permitted{{"env.KEY", "s3cret"},
                                 {"env.NESTED", "{{env.KEY}}"},
                                 {"env.QUOTED", "a\"b\\\n\xc3\xa9"},
                                 {"env.cl\xc3\xa9/a", "found"}};

std::string expanded(std::string_view text) { return SecretExpander(permitted).expand(text); }
std::string expanded_json(std::string_view json) { return SecretExpander(permitted).expand_json(json); }
std::string of_command_line(std::string_view text) { return with_secrets(text, nullptr, environment); }

using Names = std::vector<std::string>;

Names left_in(std::string_view text) {
    SecretExpander expander(permitted);
    CHECK(expander.expand(text) == text);
    return expander.left_names();
}

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
    return secret_value(fmt::format("file./proc/self/fd/{}", file.get()));
}

}  // namespace

TEST_CASE("a secret replaces its name, any number of times") {
    for (const auto& put_in : {expanded, of_command_line}) {
        CHECK(put_in("Bearer {{env.KEY}}") == "Bearer s3cret");
        CHECK(put_in("{{env.KEY}}{{env.KEY}} .") == "s3crets3cret .");
        CHECK(put_in("{{{env.KEY}}}") == "{s3cret}");
    }
    CHECK(of_command_line("{{env.EMPTY}}.") == ".");
}

TEST_CASE("other braces stay as they are") {
    for (const char* text : {"", "{{other}} {", "{{ env.KEY }}", "{{env}}", "{{ENV.KEY}}", "{env.KEY}", "{{", "}}{{"}) {
        CHECK(left_in(text).empty());
        CHECK(of_command_line(text) == text);
    }
}

TEST_CASE("the value of a secret is not expanded again") {
    CHECK(expanded("{{env.NESTED}}") == "{{env.KEY}}");
    CHECK(of_command_line("{{env.NESTED}}") == "{{env.KEY}}");
}

TEST_CASE("in JSON, a secret is escaped, and its name may be") {
    CHECK(expanded_json(R"({"a":"{{env.QUOTED}}"})") == "{\"a\":\"a\\\"b\\\\\\n\xc3\xa9\"}");
    CHECK(expanded_json(R"(["{{env.cl\u00e9\/a}}"])") == R"(["found"])");
}

TEST_CASE("a name in JSON ends with its string") {
    const std::string_view json = R"({"a":"{{env.KEY","b":"}}"})";
    CHECK(expanded_json(json) == json);
}

TEST_CASE("text in JSON that is not a name stays as it is") {
    for (const std::string_view json : {R"(["{{env.\ud800}}"])", R"(["{{env.\\}}"])", R"(["\\{{env.\n}}"])"})
        CHECK(expanded_json(json) == json);
}

TEST_CASE("a name that is not permitted stays as it is, and is listed once") {
    CHECK(left_in("{{env.PATH}} {{file./etc/passwd}} {{env.PATH}}") == Names{"env.PATH", "file./etc/passwd"});
    CHECK(left_in("{{env.KEY") == Names{});
    CHECK(left_in("{{env." + std::string(5000, 'x') + "}}") == Names{});
    CHECK(expanded("{{env.{{env.KEY}}") == "{{env.s3cret");
}

TEST_CASE("names that are not permitted are forgotten from line to line") {
    SecretExpander expander(permitted);
    expander.expand("{{env.PATH}}");
    expander.forget_left_names();
    CHECK(expander.left_names().empty());
}

TEST_CASE("names can be kept, permitted or not") {
    SecretExpander expander(permitted, SecretExpander::Put::names);
    CHECK(expander.expand("a {{env.KEY}} b {{env.PATH}}") == "a {{env.KEY}} b {{env.PATH}}");
    CHECK(expander.left_names() == Names{"env.PATH"});
}

TEST_CASE("the content of a file loses one line break") {
    CHECK(in_file("key") == "key");
    CHECK(in_file("key\n") == "key");
    CHECK(in_file("key\r\n") == "key");
    CHECK(in_file("key\n\n") == "key\n");
    CHECK(in_file("") == "");
}

TEST_CASE("a missing secret is refused, and the error has its name") {
    CHECK(fault_of([] { of_command_line("{{env.MISSING}}"); }) == "the environment variable MISSING is not set");
    CHECK(fault_of([] { of_command_line("{{env.KEY"); }) == "{{env.KEY has no }} behind it");
    CHECK(fault_of([] { secret_value("KEY", environment); }) == "'KEY' is not a secret: write env.NAME or file.PATH");
}

TEST_CASE("a file that can't be a secret is refused, and the error has its path") {
    CHECK(fault_of([] { of_command_line("{{file./none/key}}"); }) == "open /none/key: No such file or directory");
    CHECK(fault_of([] { secret_value("file./dev/zero"); }) == "/dev/zero is not a plain file");
    CHECK(in_file(std::string(largest_secret_file, 'x')).size() == largest_secret_file);
    CHECK(fault_of([] { in_file(std::string(largest_secret_file + 1, 'x')); }).ends_with("is larger than 64 KiB"));
}

TEST_CASE("a secret of the command line is registered under its name") {
    Secrets secrets;
    with_secrets("Bearer {{env.KEY}}", &secrets, environment);
    std::string text = "s3cret";
    secrets.redact(text);
    CHECK(text == "{{env.KEY}}");
}
