"""What `graph validate` says of each file of `tests/broken`: one precise line per fault."""

FAULTS: dict[str, tuple[str, ...]] = {
    "a_list.yaml": ("1: this is not a graph (start with `name:` and `nodes:`)",),
    "alias_bomb.yaml": ("5: more than 100,000 values (split it into several files)",),
    "bad_expression.yaml": (
        "2: cannot be read: unexpected 'end of template' (something is missing at the end)",
        "3: '__mro__' is refused: names that begin with __ belong to Python (name a part of the data)",
        "4: there is no filter 'shell' (there are abs, capitalize, contains, default, endswith, first, float, fromjson, indent, int, items, join, keys, last, length, lines, lower, map, max, min, replace, reverse, round, sort, split, startswith, string, sum, title, tojson, trim, truncate, unique, upper, values, wordcount)",
    ),
    "bad_indent.yaml": (
        "4: not YAML: did not find expected key (the indentation does not line up with the lines above)",
    ),
    "bad_routes.yaml": (
        "4: routes leads to 'maths', which is no node (did you mean \"math\"?)",
        "5: 'mth' is no route (did you mean \"maths\"?)",
        "6: fan_out leads to 'merg', which is no node (name a node, or end, or refuse)",
        "7: default leads to 'chat', which is no node (name a node, or end, or refuse)",
    ),
    "bad_start.yaml": ("1: start: there is no node 'secnd' (did you mean \"second\"?)",),
    "bad_steps.yaml": (
        "3: a step is a map with an `id` (write `- {id: a, kind: llm, …}`)",
        "4: there are two steps 'draft' (give each its own id)",
        "5: a step is a map with an `id` (write `- {id: a, kind: llm, …}`)",
        "6: then leads to 'nowhere', which is no node (name a node, or end, or refuse)",
    ),
    "bad_template.yaml": (
        "3: cannot be read: unexpected '}'",
        "6: include not allowed here (put the text into the prompt)",
    ),
    "binary.yaml": ("3: a NUL character: this is a binary file (give a text file)",),
    "both_lists.yaml": ("3: a graph has `nodes:` or `steps:`, not both (keep one)",),
    "choices.yaml": (
        "2: choices leads to 'hlt', which is no node (did you mean \"halt\"?)",
        "2: choices: only the `fails` of a gate can be `retry` (name the node to go back to)",
    ),
    "dangling_lookup.yaml": (
        '3: prompt looks up inputs.txt, which does not exist (did you mean "text"?)',
        '4: value looks up outputs.drft, which does not exist (did you mean "draft"?)',
    ),
    "deep.json": ("1: nested deeper than 50 (flatten it)",),
    "duplicate_key.yaml": ("4: 'a' is already in line 2 (keep one of them)",),
    "empty.yaml": ("1: this is not a graph (start with `name:` and `nodes:`)",),
    "empty_routes.yaml": ("2: routes: is empty",),
    "latin1.yaml": ("1: not UTF-8 text (save it as UTF-8)",),
    "missing_field.yaml": (
        "2: 'when' is missing (An expression that is true or false.)",
        "3: 'tool' is missing (The tool's name, such as calc_evaluate.)",
    ),
    "no_nodes.yaml": ("1: this graph has no nodes (add `nodes:` or `steps:`)",),
    "node_as_text.yaml": (
        "2: node 'a' is not a map (write `kind:` and its fields)",
        "3: node 'b' is not a map (write `kind:` and its fields)",
    ),
    "nodes_as_list.yaml": ("2: `nodes:` is a map from an id to a node (write `nodes: {a: {…}}`)",),
    "not_json.json": ("3: not JSON: Expecting property name enclosed in double quotes",),
    "reserved_names.yaml": (
        "2: 'end' is a reserved name (call the node something else)",
        "3: 'refuse' is a reserved name (call the node something else)",
        "4: '__start__' is a reserved name (begin it with a letter)",
        "5: 'a b' is not a node's name (use letters, digits, _ and -)",
    ),
    "retry_without_a_gate.yaml": (
        "2: to: only the `fails` of a gate can be `retry` (name the node to go back to)",
        "3: otherwise: only the `fails` of a gate can be `retry` (name the node to go back to)",
        "4: passes: only the `fails` of a gate can be `retry` (name the node to go back to)",
    ),
    "steps_as_map.yaml": ("1: `steps:` is a list (write `- {id: a, kind: llm, …}`)",),
    "tab.yaml": (
        "2: not YAML: found character that cannot start any token (indent with spaces, not with tabs)",
    ),
    "tag.yaml": ("2: the tag !!python/object/apply:os.system is not allowed (leave the tag out)",),
    "two_documents.yaml": ("3: a second document (---) (one document per file)",),
    "unclosed.yaml": ("3: not YAML: did not find expected ',' or '}' (a bracket is not closed)",),
    "unknown_check.yaml": (
        "3: there is no check 'is_true' (the checks are: agreement, cites_tool, code_runs, instructions, json_schema, language, length, matches, not_cut, not_empty, not_looping, numbers_agree)",
        "3: there is no check 'not_emty' (did you mean \"not_empty\"?)",
    ),
    "unknown_fallback.yaml": (
        "2: there is no model 'wrker' (did you mean \"worker\"?)",
        "4: there is no model 'workr' (did you mean \"worker\"?)",
        "5: there is no model 'judge' (name an entry of `models:` or a model like qwen2.5:3b)",
    ),
    "unknown_field.yaml": (
        "1: there is no field 'nam' here (did you mean \"name\"?)",
        "3: 'value' is missing (An expression over inputs and outputs.)",
        "5: there is no field 'vale' here (did you mean \"value\"?)",
    ),
    "unknown_kind.yaml": (
        "2: there is no kind 'solv' (did you mean \"solve\"?)",
        "3: there is no kind 'dance' (the kinds are: condition, gate, grow, growth, human, llm, router, solve, tool, transform)",
    ),
    "unknown_model.yaml": (
        "2: there is no model 'wroker' (did you mean \"worker\"?)",
        "3: 'name' is missing (The model's name on the server, such as qwen2.5:3b.)",
        "3: tier: should be at most 3",
        "5: there is no model 'workr' (did you mean \"worker\"?)",
    ),
    "unknown_prompt.yaml": (
        "2: there is no prompt file 'genral.md' (did you mean \"general.md\"?)",
        "3: the prompt '../../secrets.md' lies outside the prompt folders (use a plain file name)",
    ),
    "unknown_target.yaml": (
        "2: declines leads to 'generel', which is no node (did you mean \"general\"?)",
        "3: on_error leads to 'refusal', which is no node (did you mean \"refuse\"?)",
        "3: to leads to 'nowhere', which is no node (name a node, or end, or refuse)",
    ),
    "unknown_tool.yaml": (
        "2: there is no tool 'serach_*' (tools are named file_function, like calc_evaluate)",
        "3: there is no tool 'calc_evalute' (did you mean \"calc_evaluate\"?)",
    ),
    "unreachable.yaml": (
        "3: nothing leads to the node 'island' (lead to it, or remove it)",
        "4: nothing leads to the node 'coast' (lead to it, or remove it)",
    ),
    "written_internals.yaml": (
        "2: there is no kind 'use' (the kinds are: condition, gate, grow, growth, human, llm, router, solve, tool, transform)",
        "3: there is no kind 'refuse' (the kinds are: condition, gate, grow, growth, human, llm, router, solve, tool, transform)",
        "4: there is no field 'id' here (did you mean \"kind\"?)",
        "4: there is no field 'use' here (the fields are: kind, to, on_error, max_visits, model, prompt, tools, allow, window, turns, tokens, schema, temperature, recall)",
        "5: there is no field 'judges' here (did you mean \"judge\"?)",
    ),
    "wrong_types.yaml": (
        "1: checkpoint_every: should be a whole number",
        "2: inputs: should be a map",
        "7: turns: should be a whole number",
        "8: window: should be true or false",
        "9: tools: should be a list",
        "12: tries: should be at least 1",
    ),
}
