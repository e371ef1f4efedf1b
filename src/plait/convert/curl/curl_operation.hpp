#pragma once

#include "plait/convert/curl/curl_arguments.hpp"
#include "plait/convert/request/request.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::convert {

/// What the options of curl up to `--next` say: one request for each URL.
class CurlOperation {
  public:
    /// Takes the option, whose use is `request`. Reads the file that it names. Throws `Error(bad_input)`.
    void take(const CurlArgument& argument);

    bool is_empty() const noexcept { return urls_.empty(); }

    /// The requests that curl 7.88 sends. Throws `Error(bad_input)`.
    std::vector<Request> requests() const;

  private:
    void take_data(std::string_view option, const std::string& value);
    void take_json(const std::string& value);
    void take_form(const std::string& value);
    void take_header(const std::string& value);
    void take_cookie(const std::string& value);
    bool take_text_option(std::string_view option, const std::string& value);
    bool take_switch(std::string_view option);

    Request request_to(const std::string& url) const;
    std::string target_of(const std::string& url) const;
    std::string method() const;
    void add_headers(Request& request) const;
    std::optional<std::string> own_header(std::string_view name) const;

    std::vector<std::string> urls_;
    std::string method_;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers_;  ///< without a value: not to be sent
    std::optional<std::string> data_;
    bool is_json_ = false;
    std::vector<FormPart> parts_;
    std::string upload_;
    std::string url_query_;
    std::string user_, bearer_, agent_, referer_, cookies_, range_;
    std::optional<double> max_time_;
    bool gets_ = false, heads_ = false, globs_ = true, keeps_dots_ = false;
};

}  // namespace plait::convert
