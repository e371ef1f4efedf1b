#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/sink.hpp"
#include "plait/batch/lines/line_reader.hpp"
#include "plait/batch/sources/row_lines.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace plait::batch {

/// Makes self-contained request lines, for another file. For one thread at a time.
class RequestCopier {
  public:
    /// `format` is that of the lines.
    explicit RequestCopier(BatchFormat format = BatchFormat::plait);
    ~RequestCopier();

    /// Appends the request of this line of a file, with its id. A URL becomes JSON; a line that is not a request stays
    /// as it is.
    void append(std::string& out, std::string_view text, std::uint64_t line, bool is_url);

  private:
    struct Buffers;
    std::string id_field_;
    std::unique_ptr<Buffers> buffers_;
};

/// Copies these lines of a file of requests to `sink`, and returns how many it found. The first three must outlive the
/// task. `change` may be empty.
Task<std::uint64_t> copy_requests(LineReader& requests, const LineSet& lines, Sink& sink,
                                  BatchFormat line_format = BatchFormat::plait, LineChange change = {});

}  // namespace plait::batch
