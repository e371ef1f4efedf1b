#include "plait/batch/requests/multipart_form.hpp"

#include <utility>

namespace plait::batch {

namespace {

/// Escapes a name as browsers do (WHATWG HTML, "multipart/form-data encoding algorithm").
void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "%22";
                break;
            case '\r':
                out += "%0D";
                break;
            case '\n':
                out += "%0A";
                break;
            default:
                out += c;
        }
    }
    out += '"';
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

MultipartForm::MultipartForm(std::string_view boundary) : boundary_(boundary) {}

void MultipartForm::add_field(std::string_view name, std::string_view value, std::string_view type) {
    begin_part(name);
    end_head(type);
    text_.append(value).append("\r\n");
}

void MultipartForm::add_file(std::string_view name, std::string path, std::string_view filename,
                             std::string_view type) {
    begin_part(name);
    text_ += "; filename=";
    append_quoted(text_, filename.empty() ? last_part(path) : filename);
    end_head(type.empty() ? "application/octet-stream" : type);
    body_->add_text(std::exchange(text_, {}));
    body_->add_file(std::move(path));
    text_ = "\r\n";
}

std::string MultipartForm::content_type() const { return "multipart/form-data; boundary=" + boundary_; }

std::shared_ptr<const http::BodyParts> MultipartForm::finish() {
    text_.append("--").append(boundary_).append("--\r\n");
    body_->add_text(std::move(text_));
    return std::move(body_);
}

void MultipartForm::begin_part(std::string_view name) {
    text_.append("--").append(boundary_).append("\r\nContent-Disposition: form-data; name=");
    append_quoted(text_, name);
}

void MultipartForm::end_head(std::string_view type) {
    text_ += "\r\n";
    if (!type.empty()) text_.append("Content-Type: ").append(type).append("\r\n");
    text_ += "\r\n";
}

}  // namespace plait::batch
