#include "plait/batch/caller/internal/secrets_in_url.hpp"

#include <doctest/doctest.h>

using namespace plait::batch;
using plait::batch::internal::with_secrets;

TEST_CASE("a URL without a redacted secret stays as it is") {
    CHECK(with_secrets("http://a/jobs/1?page=2", "http://a/jobs?key=s3cret", nullptr) == "http://a/jobs/1?page=2");
}

TEST_CASE("a secret comes back in the spelling that the query of the call has") {
    Secrets secrets;
    secrets.add("env.KEY", "s3cret w/s");
    const plait::http::Url call("http://a/jobs?n=1&key=s3cret%20w%2Fs");
    CHECK(with_secrets("http://a/jobs/1?key={{env.KEY}}&page=2", call, &secrets) ==
          "http://a/jobs/1?key=s3cret%20w%2Fs&page=2");
    CHECK(with_secrets("http://a/{{env.KEY}}/1?key={{env.KEY}}", call, &secrets) ==
          "http://a/s3cret%20w%2Fs/1?key=s3cret%20w%2Fs");
}

TEST_CASE("a secret that the query of the call does not have can't come back") {
    Secrets secrets;
    secrets.add("env.KEY", "s3cret");
    CHECK_FALSE(with_secrets("http://a/jobs/1?key={{env.OTHER}}", "http://a/jobs?key=s3cret", &secrets));
    CHECK_FALSE(with_secrets("http://a/jobs/1?key={{env.KEY}}", "http://a/jobs", &secrets));
    CHECK_FALSE(with_secrets("http://a/jobs/1?key={{env.KEY}}", "http://a/jobs?key=s3cret", nullptr));
}
