#include "plait/batch/requests/multipart_form.hpp"

#include <doctest/doctest.h>

namespace plait::batch {

TEST_CASE("a form is written as browsers write it") {
    MultipartForm form("b");
    form.add_field("a \"quoted\"\r\nname", "x\r\n", "text/plain");
    CHECK(form.content_type() == "multipart/form-data; boundary=b");
    const auto body = form.finish();
    REQUIRE(body->parts().size() == 1);
    const std::string expected =
        "--b\r\n"
        "Content-Disposition: form-data; name=\"a %22quoted%22%0D%0Aname\"\r\n"
        "Content-Type: text/plain\r\n"
        "\r\n"
        "x\r\n\r\n"
        "--b--\r\n";
    CHECK(std::get<std::string>(body->parts()[0]) == expected);
    CHECK(body->size() == expected.size());
}

TEST_CASE("a file of a form is named after its path") {
    MultipartForm form("b");
    form.add_file("f", "/proc/self/exe", {}, {});
    const auto body = form.finish();
    REQUIRE(body->parts().size() == 3);
    CHECK(std::get<std::string>(body->parts()[0]) ==
          "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"exe\"\r\n"
          "Content-Type: application/octet-stream\r\n\r\n");
    CHECK(std::get<http::BodyParts::File>(body->parts()[1]).path == "/proc/self/exe");
}

}  // namespace plait::batch
