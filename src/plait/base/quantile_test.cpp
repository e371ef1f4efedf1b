#include "plait/base/quantile.hpp"

#include "plait/base/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

using namespace plait;

TEST_CASE("a quantile is near the exact one for several distributions") {
    for (const double share : {0.25, 0.5, 0.9, 0.95}) {
        for (int kind = 0; kind < 3; ++kind) {
            Random random(1);
            Quantile quantile(share);
            std::vector<double> numbers;
            for (int i = 0; i < 20'000; ++i) {
                const double even = draw(random);
                const double number = kind == 0 ? even : kind == 1 ? -std::log(1 - even) : std::exp(2 * even);
                numbers.push_back(number);
                quantile.add(number);
            }
            std::sort(numbers.begin(), numbers.end());
            const double exact = numbers[static_cast<std::size_t>(share * 20'000)];
            CHECK(quantile.value() == doctest::Approx(exact).epsilon(0.03));
        }
    }
}

TEST_CASE("a quantile of few numbers is exact") {
    Quantile quantile(0.5);
    CHECK(quantile.value() == 0);
    quantile.add(7);
    CHECK(quantile.value() == 7);
    for (const double number : {1.0, 5.0}) quantile.add(number);
    CHECK(quantile.value() == 5);
}
