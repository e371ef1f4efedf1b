#include "plait/base/error.hpp"
#include "plait/convert/request/tree.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <memory>
#include <string_view>

namespace plait::convert {

namespace {

constexpr int deepest = 200;
constexpr std::size_t most_values = 1'000'000;

struct ParserEnd {
    void operator()(yaml_parser_t* parser) const { yaml_parser_delete(parser); }
};
struct DocumentEnd {
    void operator()(yaml_document_t* document) const { yaml_document_delete(document); }
};

/// Turns the nodes of a document into a tree. An alias is its node again, so a small file may be a large tree.
class YamlTree {
  public:
    explicit YamlTree(yaml_document_t& document) : document_(document) {}

    Tree read(const yaml_node_t& node, int depth = 0) {
        if (depth > deepest || ++count_ > most_values)
            throw_bad_input("the YAML is nested too deep, or its aliases are too many");
        if (node.type == YAML_SCALAR_NODE) return scalar(node);
        if (node.type == YAML_SEQUENCE_NODE) {
            Tree list(Tree::Kind::list);
            for (const auto* item = node.data.sequence.items.start; item != node.data.sequence.items.top; ++item)
                list.add(read(at(*item), depth + 1));
            return list;
        }
        Tree object(Tree::Kind::object);
        for (const auto* pair = node.data.mapping.pairs.start; pair != node.data.mapping.pairs.top; ++pair)
            object.add(text_of(at(pair->key)), read(at(pair->value), depth + 1));
        return object;
    }

  private:
    const yaml_node_t& at(int index) {
        const yaml_node_t* node = yaml_document_get_node(&document_, index);
        if (!node) throw_bad_input("the YAML refers to nothing");
        return *node;
    }

    static std::string text_of(const yaml_node_t& node) {
        if (node.type != YAML_SCALAR_NODE) return {};
        return {reinterpret_cast<const char*>(node.data.scalar.value), node.data.scalar.length};
    }

    static Tree scalar(const yaml_node_t& node) {
        std::string text = text_of(node);
        if (node.data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return Tree(Tree::Kind::text, std::move(text));
        if (text == "true" || text == "false") return Tree(Tree::Kind::truth, std::move(text));
        if (text.empty() || text == "null" || text == "~") return Tree(Tree::Kind::null);
        return Tree(Tree::Kind::text, std::move(text));
    }

    yaml_document_t& document_;
    std::size_t count_ = 0;
};

}  // namespace

Tree read_yaml(std::string_view text) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) throw_bad_input("no memory for the YAML");
    const std::unique_ptr<yaml_parser_t, ParserEnd> parser_end(&parser);
    yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    yaml_document_t document;
    if (!yaml_parser_load(&parser, &document)) {
        throw_bad_input(
            fmt::format("not YAML: line {}: {}", parser.problem_mark.line + 1, parser.problem ? parser.problem : "?"));
    }
    const std::unique_ptr<yaml_document_t, DocumentEnd> document_end(&document);
    const yaml_node_t* root = yaml_document_get_root_node(&document);
    if (!root) throw_bad_input("the YAML is empty");
    return YamlTree(document).read(*root);
}

}  // namespace plait::convert
