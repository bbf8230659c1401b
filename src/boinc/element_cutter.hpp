// Cuts the elements of some names out of XML that comes in pieces. It looks at no other markup, so what else stands
// there, well-formed or not, does no harm.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/boinc/gui_rpc.hpp"

namespace uebo::boinc {

class ElementCutter {
 public:
  explicit ElementCutter(std::span<const std::string_view> names);

  /// Hands out the whole elements of `text` and returns how much of it is done with. The rest has to stand at the
  /// beginning of the next piece.
  [[nodiscard]] Result<std::size_t> cut(std::span<char> text, const GuiRpc::Take& take) const;

 private:
  struct Tags {
    std::string_view name;
    std::string opening;
    std::string closing;
  };
  [[nodiscard]] const Tags* opened_by(std::string_view text) const;

  std::vector<Tags> tags_;
  std::size_t longest_opening_ = 0;
};

}  // namespace uebo::boinc
