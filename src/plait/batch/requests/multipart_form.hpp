#pragma once

#include "plait/http/body/body_parts.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace plait::batch {

/// A body of the type multipart/form-data (RFC 7578), with fields and files as a browser's form sends them.
///
///     MultipartForm form("3f0c...");
///     form.add_field("purpose", "batch");
///     form.add_file("file", "requests.jsonl", {}, "application/jsonl");
///     request.headers.add("Content-Type", form.content_type());
///     request.body_parts = form.finish();
class MultipartForm {
  public:
    /// `boundary` separates the parts: at most 70 letters and digits (RFC 2046, section 5.1.1) that occur in no part,
    /// such as random ones.
    explicit MultipartForm(std::string_view boundary);

    /// `type` is the field's media type; empty: none is sent.
    void add_field(std::string_view name, std::string_view value, std::string_view type = {});

    /// Adds the content of the file at `path`, which is read while the request is sent. An empty `filename` is the last
    /// part of the path, an empty `type` is `application/octet-stream`. Throws `Error(bad_input)` when it is not a
    /// readable plain file.
    void add_file(std::string_view name, std::string path, std::string_view filename, std::string_view type);

    std::string content_type() const;

    /// Returns the body. Nothing can be added afterwards.
    std::shared_ptr<const http::BodyParts> finish();

  private:
    void begin_part(std::string_view name);
    void end_head(std::string_view type);

    std::string boundary_;
    std::string text_;  ///< behind the last file
    std::shared_ptr<http::BodyParts> body_ = std::make_shared<http::BodyParts>();
};

}  // namespace plait::batch
