// Mistakes. tests/lint/run has clang-tidy find each of them before it believes that there are none in the program.
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace planted {

struct Base {
  virtual ~Base() = default;
  virtual int size() const { return 0; }
};

struct Derived : Base {
  virtual int size() const { return 1; }  // planted: modernize-use-override
};

std::size_t copied(std::string text) { return text.size(); }  // planted: performance-unnecessary-value-param

std::string moved(std::string text) {
  const std::string taken = std::move(text);
  return taken + text;  // planted: bugprone-use-after-move
}

template <class Item>
bool is_empty(const std::vector<Item>& items) {
  return items.size() == 0;  // planted: readability-container-size-empty
}

struct Holder {
  Holder(int number) { Holder(); }  // planted: bugprone-undelegated-constructor misc-unused-parameters
  Holder() = default;
  std::unique_ptr<Base> base = std::unique_ptr<Base>(new Base);  // planted: modernize-make-unique
};

bool same() {
  return std::string("a").compare("b") == 0;  // planted: readability-string-compare
}

}  // namespace planted
