#include "plait/batch/testing/check_source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace plait::testing {

namespace {

/// An item, as far as two sources of the same items must agree on it.
struct Item {
    Item(std::uint64_t line_, std::string text_) : line(line_), text(std::move(text_)) {}
    friend bool operator==(const Item&, const Item&) = default;

    std::uint64_t line;
    std::string text;
};

Item item_of(const batch::SourceItem& item) {
    if (const auto* bad = std::get_if<batch::BadLine>(&item)) return Item(bad->line, bad->custom_id + bad->message);
    const auto& call = std::get<batch::Call>(item);
    return Item(call.line, call.custom_id + " " + call.request.method() + " " + call.request.url.text());
}

Task<std::vector<Item>> items_of(batch::Source& source) {
    std::vector<Item> items;
    while (const auto item = co_await source.next()) items.push_back(item_of(*item));
    co_return items;
}

}  // namespace

Task<void> check_source(std::function<std::unique_ptr<batch::Source>()> make) {
    INFO("the contract of Source");
    const auto source = make();
    const std::vector<Item> items = co_await items_of(*source);
    REQUIRE_MESSAGE(items.size() >= 2, "the check needs a source of two items or more");

    const bool is_over = !(co_await source->next());
    CHECK_MESSAGE(is_over, "after the end there is nothing, however often one asks");

    CHECK_MESSAGE(items.front().line >= 1, "lines are counted from 1");
    const auto out_of_order = [](const Item& one, const Item& next) { return one.line >= next.line; };
    const bool is_ordered = std::ranges::adjacent_find(items, out_of_order) == items.end();
    CHECK_MESSAGE(is_ordered, "each item has a line of its own, and lines go up");

    const auto again = make();
    const bool is_same = co_await items_of(*again) == items;
    CHECK_MESSAGE(is_same, "the same input gives the same lines, ids and requests: a run resumes by them");

    const auto asked = make();
    const auto before = asked->total();
    const auto first = co_await asked->next();
    std::vector<Item> rest(1, item_of(first.value()));
    const auto meanwhile = asked->total();
    for (Item& item : co_await items_of(*asked)) rest.push_back(std::move(item));
    CHECK_MESSAGE(rest == items, "to ask for the total takes no item away");
    CHECK_MESSAGE(before.has_value() == meanwhile.has_value(),
                  "reading changes nothing about whether a total is known");
}

}  // namespace plait::testing
