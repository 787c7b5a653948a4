"""Reads PowerShell from standard input with the grammar of tree-sitter, and prints a line for each

    declares FUNCTION -Parameter ...    a function, or the script itself (`.`), with what it takes
    calls COMMAND -Parameter ...        a command with the parameters that it is given
    picks COMMAND Name                  a quoted word behind it
    makes Name                          a key of a hash table
    reads Name                          a member of an object

Where the text is not understood, the place is the exit message.
"""

import sys

import tree_sitter
import tree_sitter_powershell


def below(node, kinds, not_in=()):
    """The first nodes of these kinds, in their order, but for those in nodes of other kinds."""
    for child in node.children:
        if child.type in kinds:
            yield child
        elif child.type not in not_in:
            yield from below(child, kinds, not_in)


def text(node):
    return node.text.decode()


def declared(name, node):
    """What a block of parameters declares, with the parameters that its attributes bring."""
    blocks = list(below(node, {"param_block"}, {"function_statement", "script_block_expression"}))
    if not blocks:
        return
    parameters = [text(next(below(one, {"variable"}, {"attribute_list"}))).replace("$", "-")
                  for one in below(blocks[0], {"script_parameter"})]
    if any("SupportsShouldProcess" in text(one) for one in below(blocks[0], {"attribute_list"}, {"parameter_list"})):
        parameters += ["-WhatIf", "-Confirm"]
    print("declares", name, *parameters)


def called(node):
    name = next(below(node, {"command_name", "path_command_name"}), None)
    if name is None:
        return
    others = {"script_block_expression", "parenthesized_expression", "sub_expression", "array_expression"}
    given = [text(one).split(":")[0] for one in below(node, {"command_parameter"}, others)]
    print("calls", text(name), *given)
    for word in below(node, {"verbatim_string_characters"}, others):
        print("picks", text(name), text(word).strip("'"))


def look(node):
    if node.is_error or node.is_missing:
        sys.exit(f"line {node.start_point[0] + 1}")
    if node.type == "member_name":
        print("reads", text(node))
    elif node.type == "key_expression":
        print("makes", text(node))
    elif node.type == "command":
        called(node)
    elif node.type == "function_statement":
        declared(text(next(below(node, {"function_name"}))), node)
    for child in node.children:
        look(child)


language = tree_sitter.Language(tree_sitter_powershell.language())
root = tree_sitter.Parser(language).parse(sys.stdin.buffer.read()).root_node
declared(".", root)
look(root)
