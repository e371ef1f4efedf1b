#include "plait/cluster/sealed/seal.hpp"

#include "plait/base/error.hpp"
#include "plait/cluster/sealed/cluster_key.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace plait;
using namespace plait::cluster;

TEST_CASE("a sealed message opens with the same key, run and subject, and with no other") {
    const ClusterKey key = ClusterKey::random();
    Sealer sealer(key, "run");
    const std::string sealed = sealer.seal("subject", "secret text");
    CHECK(sealed.find("secret") == std::string::npos);
    CHECK(Opener(key, "run").open("subject", sealed) == "secret text");
    CHECK_FALSE(Opener(ClusterKey::random(), "run").open("subject", sealed));
    CHECK_FALSE(Opener(key, "another run").open("subject", sealed));
    CHECK_FALSE(Opener(key, "run").open("another subject", sealed));
}

TEST_CASE("an empty text can be sealed") {
    const ClusterKey key = ClusterKey::random();
    CHECK(Opener(key, "").open("", Sealer(key, "").seal("", "")) == "");
}

TEST_CASE("a sealed text that was changed or cut anywhere is not opened") {
    const ClusterKey key = ClusterKey::random();
    Opener opener(key, "run");
    const std::string sealed = Sealer(key, "run").seal("subject", "text");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK_FALSE(opener.open("subject", changed));
        CHECK_FALSE(opener.open("subject", sealed.substr(0, i)));
    }
    CHECK(opener.open("subject", sealed) == "text");
}

TEST_CASE("the same text is never sealed to the same bytes, by one sender or by two") {
    const ClusterKey key = ClusterKey::random();
    std::set<std::string> all;
    Sealer one(key, "run");
    Sealer two(key, "run");
    for (int i = 0; i < 100; ++i) {
        all.insert(one.seal("subject", "text").substr(16));
        all.insert(two.seal("subject", "text").substr(16));
    }
    CHECK(all.size() == 200);
}

TEST_CASE("more senders than are remembered can be opened") {
    const ClusterKey key = ClusterKey::random();
    Opener opener(key, "run");
    Sealer first(key, "run");
    CHECK(opener.open("s", first.seal("s", "1")) == "1");
    for (int i = 0; i < 5000; ++i) CHECK(opener.open("s", Sealer(key, "run").seal("s", "x")) == "x");
    CHECK(opener.open("s", first.seal("s", "2")) == "2");
}

TEST_CASE("a cluster key is 32 bytes in base64, and errors do not show it") {
    const ClusterKey key = ClusterKey::random();
    CHECK(ClusterKey::parse(key.text()).text() == key.text());
    for (const std::string& bad :
         {std::string("c2VjcmV0"), std::string("not base64!"), std::string(), ClusterKey::public_key().text()}) {
        try {
            ClusterKey::parse(bad);
            FAIL("accepted");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::bad_input);
            CHECK((bad.empty() || std::string(error.what()).find(bad) == std::string::npos));
        }
    }
}

TEST_CASE("a derived key depends on salt and purpose") {
    const ClusterKey key = ClusterKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    CHECK(key.derive("salt", "one") != key.derive("salt", "two"));
    CHECK(key.derive("salt", "one") != key.derive("pepper", "one"));
    CHECK(key.derive("salt", "one") == key.derive("salt", "one"));
}
