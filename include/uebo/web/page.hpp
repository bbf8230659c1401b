// The status page, of the document that it shows. It works without its script: that only keeps it up to date, follows a
// log and sends what somebody with the token asks for.
#pragma once

#include <string>
#include <string_view>

#include "uebo/control/json.hpp"

namespace uebo::web {

/// A whole page, complete HTML in UTF-8. Whatever the node, its services and its projects call themselves is text.
[[nodiscard]] std::string page(const control::Json& document);

/// What it refers to, from the binary: page.css and page.js.
[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string_view page_script();

/// Content-Security-Policy (CSP Level 3): nothing from elsewhere, nobody's frame.
inline constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

}  // namespace uebo::web
