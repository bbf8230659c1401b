#pragma once

#include <string>
#include <string_view>

namespace uebo {

/// Text as an element of XML or HTML holds it, or an attribute in double quotes.
[[nodiscard]] std::string markup(std::string_view text);

}  // namespace uebo
