// Writes the indexes that depmod makes (libkmod-index.h of kmod: a trie in big endian), so that tests need no depmod.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace uebo::kernel::test {

class ModuleIndex {
 public:
  void add(std::string_view key, const std::string& value) {
    Node* node = &root_;
    for (const char letter : key) node = &node->children[letter];
    node->values.push_back(value);
  }
  [[nodiscard]] std::string bytes() const {
    std::string file = number(0xB007F457) + number(0x00020001) + number(0);
    file.replace(8, 4, number(append(root_, file)));
    return file;
  }

 private:
  struct Node {
    std::map<char, Node> children;
    std::vector<std::string> values;
  };
  static std::string number(std::uint32_t value) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
    return text;
  }
  /// Returns the node's offset with INDEX_NODE_CHILDS and INDEX_NODE_VALUES in its upper bits.
  static std::uint32_t append(const Node& node, std::string& file) {
    std::map<char, std::uint32_t> offsets;
    for (const auto& [letter, child] : node.children) offsets[letter] = append(child, file);
    auto offset = static_cast<std::uint32_t>(file.size());
    if (!offsets.empty()) {
      const char first = offsets.begin()->first;
      const char last = offsets.rbegin()->first;
      file += first;
      file += last;
      for (int letter = first; letter <= last; ++letter) file += number(offsets[static_cast<char>(letter)]);
      offset |= 0x20000000;
    }
    if (!node.values.empty()) {
      file += number(static_cast<std::uint32_t>(node.values.size()));
      for (const std::string& value : node.values) file += number(0) + value + '\0';
      offset |= 0x40000000;
    }
    if (offset == file.size()) file += '\0';
    return offset;
  }

  Node root_;
};

}  // namespace uebo::kernel::test
