#include "plait/batch/table/selection.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::batch;

TEST_CASE("a selection has a name, a pointer and a type") {
    const auto check = [](std::string_view text, std::string_view name, std::string_view pointer, ColumnType type) {
        CAPTURE(text);
        const Selection selection = parse_selection(text);
        CHECK(selection.name == name);
        CHECK(selection.pointer == pointer);
        CHECK(selection.type == type);
    };
    check("id=/data/0/id", "id", "/data/0/id", ColumnType::text);
    check("n=/n:number", "n", "/n", ColumnType::number);
    check("is new=/is~1new:bool", "is new", "/is~1new", ColumnType::truth);
    check("t=/a:text", "t", "/a", ColumnType::text);
    check("t=/a:number:text", "t", "/a:number", ColumnType::text);  // a name that ends like a type
    check("t=/dc:title:text", "t", "/dc:title", ColumnType::text);
    check("t=/a:b/c", "t", "/a:b/c", ColumnType::text);
    check("t=/10:30", "t", "/10:30", ColumnType::text);
    check("all=", "all", "", ColumnType::text);
    check("e=/a=b", "e", "/a=b", ColumnType::text);
}

TEST_CASE("a selection that can't be meant is refused with the reason") {
    for (const auto& [text, reason] :
         {std::pair("a", "there is no '='"), std::pair("=/a", "the name is empty"), std::pair("a=b", "begins with '/'"),
          std::pair("a=/b~", "is written '~0'"), std::pair("a=/b~2", "is written '~0'"),
          std::pair("a=/b:int", "'int' is not a type"), std::pair("a=/dc:title", "add :text")}) {
        CAPTURE(text);
        CHECK_THROWS_WITH_AS(parse_selection(text), doctest::Contains(reason), Error);
    }
}
