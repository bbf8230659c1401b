#include "uebo/base/result.hpp"

#include <cstring>

namespace uebo {

std::string Error::message() const {
  std::string text = operation;
  if (!object.empty()) text += (text.empty() ? "" : " ") + object;
  if (code != 0) text += std::string(": ") + strerrordesc_np(code);
  if (!hint.empty()) text += code != 0 ? " (" + hint + ")" : ": " + hint;
  return text;
}

std::unexpected<Error> errno_error(std::string_view operation, std::string_view object, std::string_view hint) {
  return fail(errno, operation, object, hint);
}

std::unexpected<Error> fail(int code, std::string_view operation, std::string_view object, std::string_view hint) {
  return std::unexpected<Error>(Error{
      .code = code, .operation = std::string(operation), .object = std::string(object), .hint = std::string(hint)});
}

}  // namespace uebo
