#pragma once

#include "plait/convert/request/request.hpp"
#include "plait/convert/request/secret_names.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::convert {

/// Something in a file that does not become a request line, and why.
struct Remark {
    std::string where;   ///< such as `entry 3 (POST https://api.example/items)`
    std::string reason;  ///< a sentence without its full stop
};

/// Collects the requests of foreign files as request lines, and what can't be one, with the reason.
///
///     Conversion conversion;
///     conversion.add("entry 1", Request("GET", "https://api.example/items"));
///     conversion.refuse("entry 2", "it is a WebSocket");
///     conversion.lines();  // {"method":"GET","url":"https://api.example/items"}
class Conversion {
  public:
    /// The texts from `given` may name secrets, such as `{{env.TOKEN}}`; no other text may.
    explicit Conversion(std::vector<std::string> given_references = {});
    Conversion(Conversion&&) noexcept;
    ~Conversion();

    /// Adds the request's line if `plait run` takes it, without its secrets; otherwise refuses it.
    void add(std::string where, Request request);
    /// Notes values that are secret wherever they stand, such as those of variables. Later lines and messages do not
    /// have them, except values of less than 4 characters, and those that name secrets of plait.
    void know_secrets(const std::vector<std::string>& values);
    /// Notes a request that can't be converted.
    void refuse(std::string where, std::string reason);
    /// Notes what is no request of its own, such as the second half of a redirect.
    void leave_out(std::string where, std::string reason);
    /// Notes advice for the run. The same advice is kept once.
    void advise(std::string text);

    /// Calls `read`, which reads one request of the file. Refuses the request with the `Error(bad_input)` that it
    /// throws.
    template <class Read>
    void attempt(std::string_view where, Read read);

    /// All lines, each with its line feed.
    const std::string& lines() const noexcept { return lines_; }
    std::size_t count() const noexcept { return count_; }
    const std::vector<Remark>& refused() const noexcept { return refused_; }
    const std::vector<Remark>& left_out() const noexcept { return left_out_; }
    const std::vector<std::string>& advice() const noexcept { return advice_; }
    const SecretNames& secrets() const noexcept { return secrets_; }

  private:
    class LineCheck;

    void refuse_thrown(std::string_view where);
    std::string unique_id(const std::string& id);
    std::string masked(std::string text) const;

    std::vector<std::string> given_references_;
    std::unique_ptr<LineCheck> check_;
    SecretNames secrets_;
    std::vector<std::string> known_secrets_;
    std::string lines_;
    std::size_t count_ = 0;
    std::set<std::string, std::less<>> ids_;
    std::vector<Remark> refused_;
    std::vector<Remark> left_out_;
    std::vector<std::string> advice_;
};

template <class Read>
void Conversion::attempt(std::string_view where, Read read) {
    try {
        read();
    } catch (...) {
        refuse_thrown(where);
    }
}

}  // namespace plait::convert
