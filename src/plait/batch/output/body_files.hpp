#pragma once

#include <string>
#include <string_view>

namespace plait::batch {

/// Returns the name of the file for the body of this call's answer: the id, with all bytes but letters, digits, `-`,
/// `_` and dots within it percent-encoded. A long one is cut, and ends with a checksum of the whole.
std::string body_file_name(std::string_view custom_id);

/// Makes the folder if it is missing, and removes what killed runs left unfinished. Throws `Error(bad_input)` when no
/// file can be made in it.
void prepare_body_folder(const std::string& path);

}  // namespace plait::batch
