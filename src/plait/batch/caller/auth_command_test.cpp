#include "plait/batch/caller/auth_command.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/testing/test_files.hpp"
#include "plait/testing/async_test.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <functional>
#include <string>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

/// A command that writes a line into a pipe each time it runs, so that the runs can be counted.
class CountedCommand {
  public:
    explicit CountedCommand(const std::string& rest)
        : text_(fmt::format("echo run >/proc/{}/fd/{}; {}", ::getpid(), pipe_.write_end.get(), rest)) {}

    const std::string& text() const { return text_; }
    /// Runs since the last time that was asked; at least one.
    std::size_t runs() {
        char buffer[4096];
        const ssize_t got = ::read(pipe_.read_end.get(), buffer, sizeof(buffer));
        return static_cast<std::size_t>(got) / std::string_view("run\n").size();
    }

  private:
    batch::internal::Pipe pipe_;
    std::string text_;
};

AuthCommand::KeepSecret into(std::vector<std::string>& secrets) {
    return [&secrets](std::string_view value) { secrets.emplace_back(value); };
}

http::Request request_with(const AuthCommand& auth) {
    http::Request request("GET", "https://api.example/");
    request.headers.add("Authorization", "Bearer old");
    auth.apply(request);
    return request;
}

/// What `renew` throws; empty: nothing.
Task<std::string> trouble_of(AuthCommand& auth, std::uint64_t version) {
    try {
        co_await auth.renew(version);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        co_return error.what();
    }
    co_return std::string();
}

/// A caller as the runner has them: a server that takes only `good`.
Task<void> call(AuthCommand& auth, std::string good, int& accepted) {
    http::Request request("GET", "https://api.example/");
    auth.apply(request);
    const std::uint64_t version = auth.version();
    co_await yield();  // the server refuses it
    if (request.headers.get("authorization") != good) {
        co_await auth.renew(version);
        auth.apply(request);
    }
    if (request.headers.get("authorization") == good) ++accepted;
}

}  // namespace

ASYNC_TEST("before the auth command first ran a request stays as it is") {
    std::vector<std::string> secrets;
    const AuthCommand auth("exit 1", into(secrets));
    CHECK(auth.version() == 0);
    CHECK(request_with(auth).headers.get("authorization") == "Bearer old");
    co_return;
}

ASYNC_TEST("the output of the auth command replaces the authorization, and is redacted without its scheme") {
    std::vector<std::string> secrets;
    AuthCommand auth("echo; echo 'Bearer abc def'", into(secrets));
    co_await auth.renew(0);
    CHECK(auth.version() == 1);
    const http::Request request = request_with(auth);
    CHECK(request.headers.get_all("authorization") == std::vector<std::string_view>{"Bearer abc def"});
    CHECK(secrets == std::vector<std::string>{"abc def"});
}

ASYNC_TEST("lines with a name set those headers instead") {
    std::vector<std::string> secrets;
    AuthCommand auth("printf 'X-Api-Key: k:1\\r\\nX-Tenant: a\\n'", into(secrets));
    co_await auth.renew(0);
    const http::Request request = request_with(auth);
    CHECK(request.headers.get("x-api-key") == "k:1");
    CHECK(request.headers.get("x-tenant") == "a");
    CHECK(request.headers.get("authorization") == "Bearer old");
    CHECK(secrets == std::vector<std::string>{"k:1", "a"});
}

ASYNC_TEST("a value with a colon in it is no header") {
    std::vector<std::string> secrets;
    AuthCommand auth("echo Basic user:password", into(secrets));
    co_await auth.renew(0);
    CHECK(request_with(auth).headers.get("authorization") == "Basic user:password");
}

ASYNC_TEST("the auth command runs once for all calls that wait") {
    std::vector<std::string> secrets;
    CountedCommand command("echo Bearer good");
    AuthCommand auth(command.text(), into(secrets));
    int accepted = 0;
    TaskGroup calls;
    for (int n = 0; n < 50; ++n) calls.start(call, std::ref(auth), std::string("Bearer good"), std::ref(accepted));
    co_await calls.join();
    CHECK(accepted == 50);
    CHECK(command.runs() == 1);
    CHECK(auth.version() == 1);
}

ASYNC_TEST("a call that was refused with older credentials finds the newer ones at once") {
    std::vector<std::string> secrets;
    CountedCommand command("echo Bearer good");
    AuthCommand auth(command.text(), into(secrets));
    co_await auth.renew(0);
    co_await auth.renew(0);
    CHECK(command.runs() == 1);
}

ASYNC_TEST("credentials that are refused while they are fresh are no reason to run the command again") {
    std::vector<std::string> secrets;
    CountedCommand command("echo Bearer bad");
    AuthCommand auth(command.text(), into(secrets));
    co_await auth.renew(0);
    co_await sleep_for(10s);
    CHECK(co_await trouble_of(auth, 1) ==
          "the auth command gave credentials 10 s ago, and the server refuses them (401)");
    CHECK(command.runs() == 1);
}

ASYNC_TEST("credentials that have grown old are renewed") {
    std::vector<std::string> secrets;
    CountedCommand command("echo Bearer good");
    AuthCommand auth(command.text(), into(secrets));
    co_await auth.renew(0);
    co_await sleep_for(1h);
    co_await auth.renew(1);
    CHECK(auth.version() == 2);
    CHECK(command.runs() == 2);
}

ASYNC_TEST("a failing command says how it failed but not what it printed, and does not run for each call") {
    std::vector<std::string> secrets;
    CountedCommand command("echo secret; exit 3");
    AuthCommand auth(command.text(), into(secrets));
    CHECK(co_await trouble_of(auth, 0) == "the auth command failed with exit status 3");
    CHECK(co_await trouble_of(auth, 0) == "the auth command failed with exit status 3");
    CHECK(command.runs() == 1);
    CHECK(auth.version() == 0);
    CHECK(secrets.empty());
}

ASYNC_TEST("a command that failed may be well again after a while") {
    std::vector<std::string> secrets;
    CountedCommand command("false");
    AuthCommand auth(command.text(), into(secrets));
    CHECK_FALSE((co_await trouble_of(auth, 0)).empty());
    co_await sleep_for(AuthCommand::shortest_pause);
    CHECK_FALSE((co_await trouble_of(auth, 0)).empty());
    CHECK(command.runs() == 2);
}

ASYNC_TEST("output that is no header is refused without being shown") {
    std::vector<std::string> secrets;
    AuthCommand silent("true", into(secrets));
    CHECK(co_await trouble_of(silent, 0) == "the auth command printed nothing");
    AuthCommand talkative("head -c 70000 /dev/zero | tr '\\0' x", into(secrets));
    CHECK(co_await trouble_of(talkative, 0) == "the auth command printed more than 65536 bytes: that is no header");
    AuthCommand mixed("echo secret; echo 'X-Key: secret'", into(secrets));
    CHECK(co_await trouble_of(mixed, 0) ==
          "the auth command printed several lines, and not all of them are of the form 'Name: value'");
    AuthCommand broken("printf 'secret\\001'", into(secrets));
    CHECK(co_await trouble_of(broken, 0) == "the auth command printed an invalid value for the header Authorization");
    AuthCommand killed("kill -9 $$", into(secrets));
    CHECK(co_await trouble_of(killed, 0) == "the auth command was killed by signal 9");
    CHECK(secrets.empty());
}

ASYNC_TEST("when the call that runs the command is cancelled, the next that waits runs it") {
    std::vector<std::string> secrets;
    batch::internal::Pipe gate;  // the command waits until somebody writes, or the end of all writers
    CountedCommand command(fmt::format("read line </proc/{}/fd/{}; echo Bearer good", ::getpid(), gate.read_end.get()));
    AuthCommand auth(command.text(), into(secrets));
    CancelScope first;
    TaskGroup calls;
    const auto renew_in = [](CancelScope& scope, AuthCommand& of) -> Task<void> { co_await scope.run(of.renew(0)); };
    calls.start(renew_in(first, auth));
    co_await testing::others_wait();
    calls.start(auth.renew(0));
    co_await testing::others_wait();
    CHECK(command.runs() == 1);  // waits until the first has begun
    first.cancel();
    co_await testing::others_wait();  // the first command is killed, and can't take what is meant for the second
    gate.write("go\n");
    co_await calls.join();
    CHECK(auth.version() == 1);
    CHECK(command.runs() == 1);
}
