"""A Verilog-A module as a library that ngspice loads: what openvaf-py compiled, as C for the OSDI 0.3 interface.

openvaf-py gives the compiled functions of a module (its MIR: assignments, branches, phis) in memory and writes no
``.osdi``, as the program ``openvaf`` does with LLVM. Each operation is one line of C here, and the C compiler makes
the library. Noise is left out: a transient and a DC point have none.
Source: the OSDI specification, https://github.com/OpenVAF/OpenVAF/tree/main/openvaf/osdi/header (osdi_0_3.h).
"""

import re
import subprocess

BINARY = {"fadd": "+", "fsub": "-", "fmul": "*", "fdiv": "/", "flt": "<", "fgt": ">", "fle": "<=", "fge": ">="}
CALLS = ("tanh", "exp", "sqrt", "sin", "cos", "atan", "ln")
NAMES = {"ln": "log"}

HEAD = """
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef struct { char **names; double *vals; char **names_str; char **vals_str; } Paras;
typedef struct { Paras paras; double abstime; double *prev_solve, *prev_state, *next_state; uint32_t flags; } Info;
typedef struct { uint32_t flags, num_errors; void *errors; } Init;
typedef struct { uint32_t a, b; } Pair;
typedef struct { Pair nodes; uint32_t react_ptr_off, flags; } Entry;
typedef struct { char *name, *units, *residual_units; uint32_t resist, react, resist_lim, react_lim; bool flow; } Node;
typedef struct { char **name; uint32_t num_alias; char *description, *units; uint32_t flags, len; } Param;
typedef struct {
  char *name;
  uint32_t num_nodes, num_terminals; Node *nodes;
  uint32_t num_entries; Entry *entries;
  uint32_t num_collapsible; Pair *collapsible; uint32_t collapsed_offset;
  void *noise; uint32_t num_noise;
  uint32_t num_params, num_instance_params, num_opvars; Param *params;
  uint32_t node_mapping_offset, ptr_resist_offset, num_states, state_idx_off, bound_step_offset;
  uint32_t instance_size, model_size;
  void *(*access)(void *, void *, uint32_t, uint32_t);
  void (*setup_model)(void *, void *, Paras *, Init *);
  void (*setup_instance)(void *, void *, void *, double, uint32_t, Paras *, Init *);
  uint32_t (*eval)(void *, void *, void *, const Info *);
  void (*load_noise)(void *, void *, double, double *, double *);
  void (*residual_resist)(void *, void *, double *), (*residual_react)(void *, void *, double *);
  void (*limit_resist)(void *, void *, double *), (*limit_react)(void *, void *, double *);
  void (*rhs_dc)(void *, void *, double *, double *), (*rhs_tran)(void *, void *, double *, double *, double);
  void (*jacobian_resist)(void *, void *), (*jacobian_react)(void *, void *, double);
  void (*jacobian_tran)(void *, void *, double);
} Descriptor;
typedef struct { double value[PARAMS]; bool given[PARAMS]; } Model;
typedef struct {
  double celsius; uint32_t node[NODES]; double *resist[ENTRIES], *react[ENTRIES];
  double f[NODES], q[NODES], df[ENTRIES], dq[ENTRIES], cache[CACHED];
  bool collapsed[1];
} Inst;
"""

TAIL = """
static void *reach(void *i, void *m, uint32_t id, uint32_t flags) {
  Model *model = m;
  if (id >= PARAMS) return NULL;
  if (flags & 1) model->given[id] = true;
  return &model->value[id];
}
static void setup_model(void *h, void *m, Paras *p, Init *r) {
  Model *model = m;
  for (int k = 0; k < PARAMS; k++) if (!model->given[k]) model->value[k] = defaults[k];
  *r = (Init){0, 0, NULL};
}
static void setup_instance(void *h, void *i, void *m, double kelvin, uint32_t n, Paras *p, Init *r) {
  ((Inst *)i)->celsius = kelvin;
  init(i, m);
  *r = (Init){0, 0, NULL};
}
static uint32_t eval(void *h, void *i, void *m, const Info *info) { step(i, m, info->prev_solve); return 0; }
static void no_noise(void *i, void *m, double f, double *a, double *b) {}
static void residual_resist(void *i, void *m, double *to) {
  Inst *inst = i;
  for (int k = 0; k < NODES; k++) to[inst->node[k]] += inst->f[k];
}
static void residual_react(void *i, void *m, double *to) {
  Inst *inst = i;
  for (int k = 0; k < NODES; k++) to[inst->node[k]] += inst->q[k];
}
static void no_limit(void *i, void *m, double *to) {}
static void rhs_tran(void *i, void *m, double *to, double *x, double alpha) {
  Inst *inst = i;
  for (int k = 0; k < NODES; k++) to[inst->node[k]] -= inst->f[k];
  for (int k = 0; k < ENTRIES; k++)
    to[inst->node[entries[k].nodes.a]] += (inst->df[k] + alpha * inst->dq[k]) * x[inst->node[entries[k].nodes.b]];
}
static void rhs_dc(void *i, void *m, double *to, double *x) { rhs_tran(i, m, to, x, 0.0); }
static void jacobian_resist(void *i, void *m) {
  Inst *inst = i;
  for (int k = 0; k < ENTRIES; k++) *inst->resist[k] += inst->df[k];
}
static void jacobian_react(void *i, void *m, double alpha) {
  Inst *inst = i;
  for (int k = 0; k < ENTRIES; k++) if (inst->react[k]) *inst->react[k] += alpha * inst->dq[k];
}
static void jacobian_tran(void *i, void *m, double alpha) {
  Inst *inst = i;
  for (int k = 0; k < ENTRIES; k++) *inst->resist[k] += inst->df[k] + alpha * inst->dq[k];
}
uint32_t OSDI_VERSION_MAJOR = 0, OSDI_VERSION_MINOR = 3, OSDI_NUM_DESCRIPTORS = 1;
Descriptor OSDI_DESCRIPTORS[1] = {{
  NAME, NODES, TERMINALS, nodes, ENTRIES, entries, 0, NULL, offsetof(Inst, collapsed), NULL, 0, PARAMS, 0, 0, params,
  offsetof(Inst, node), offsetof(Inst, resist), 0, 0, UINT32_MAX, sizeof(Inst), sizeof(Model), reach, setup_model,
  setup_instance, eval, no_noise, residual_resist, residual_react, no_limit, no_limit, rhs_dc, rhs_tran,
  jacobian_resist, jacobian_react, jacobian_tran}};
"""


def osdi_library(module, folder):
    """The library of a module of openvaf-py (``compile_va``), compiled in a folder; its path."""
    source = folder / f"{module.name}.c"
    source.write_text(osdi_source(module))
    library = source.with_suffix(".osdi")
    command = ["cc", "-O1", "-fPIC", "-shared", "-w", "-o", str(library), str(source), "-lm"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return library


def osdi_source(module):
    """The C text of a module."""
    described, system = module.get_osdi_descriptor(), module.get_dae_system()
    if described["num_states"] or described["num_collapsible"]:
        raise ValueError(f"{module.name} limits or collapses nodes, which the library does not")
    names = [each["name"] for each in described["params"]]
    places = {each["name"]: each["idx"] for each in system["nodes"]}
    entries = system["jacobian"]
    body, init = module.get_mir_instructions(), module.get_init_mir_instructions()
    defaults = module.get_param_defaults()
    sizes = {
        "PARAMS": len(names), "NODES": len(places), "ENTRIES": len(entries), "TERMINALS": module.num_terminals,
        "CACHED": max(1, len(init["cache_mapping"])), "NAME": f'"{module.name}"',
    }  # fmt: skip
    reacts = {row["node_idx"] for row in system["residuals"] if row["react_var"] != "mir_3"}
    offset = "offsetof(Inst, {}) + {} * sizeof(double)"
    lines = [*(f"#define {name} {value}" for name, value in sizes.items()), HEAD]
    lines.append("static Node nodes[NODES] = {")
    for name, k in places.items():
        react = offset.format("q", k) if k in reacts else "UINT32_MAX"
        flow = "true" if name.startswith("flow(") else "false"
        lines.append(f'  {{"{name}", "V", "A", {offset.format("f", k)}, {react}, UINT32_MAX, UINT32_MAX, {flow}}},')
    lines.append("};\nstatic Entry entries[ENTRIES] = {")
    for k, e in enumerate(entries):
        react = f"offsetof(Inst, react) + {k} * sizeof(double *)" if e["has_react"] else "UINT32_MAX"
        lines.append(f"  {{{{{e['row_node_idx']}, {e['col_node_idx']}}}, {react}, {4 + 8 * e['has_react']}}},")
    lines.append("};\nstatic Param params[PARAMS] = {")
    lines += [f'  {{(char *[]){{"{name}"}}, 0, "", "", 0, 0}},' for name in names]
    values = ", ".join(repr(defaults[name.lower()]) for name in names)
    lines.append(f"}};\nstatic double defaults[PARAMS] = {{{values}}};")

    def argument(kind, name):
        across = re.fullmatch(r"V\((\w+)(?:,(\w+))?\)", name)
        if kind == "param":
            return f"model->value[{names.index(name)}]"
        if kind == "voltage":
            return " - ".join(f"x[inst->node[{places[node]}]]" for node in across.groups() if node)
        if kind == "current":
            flow = places.get(f"flow({name[2:-1]})")  # of a branch without equation nothing depends on it
            return "0.0" if flow is None else f"x[inst->node[{flow}]]"
        return {"$temperature": "inst->celsius", "mfactor": "1.0"}[name]

    first = [argument(*each) for each in zip(module.init_param_kinds, module.init_param_names, strict=True)]
    lines.append("static void init(Inst *inst, Model *model) {")
    lines += function(init, dict(zip(init["params"], first, strict=False)))
    lines += [f"  inst->cache[{k}] = {each['init_value']};" for k, each in enumerate(init["cache_mapping"])]
    given = dict(
        zip(
            body["params"],
            (argument(*each) for each in zip(module.param_kinds, module.param_names, strict=True)),
            strict=False,
        )
    )
    given |= {body["params"][each["eval_param"]]: f"inst->cache[{k}]" for k, each in enumerate(init["cache_mapping"])}
    lines.append("}\nstatic void step(Inst *inst, Model *model, double *x) {")
    lines += function(body, given)
    for row in system["residuals"]:
        for to, which in (("f", "resist_var"), ("q", "react_var")):
            lines.append(f"  inst->{to}[{row['node_idx']}] = {row[which].replace('mir_', 'v')};")
    for k, e in enumerate(entries):
        for to, which in (("df", "resist_var"), ("dq", "react_var")):
            lines.append(f"  inst->{to}[{k}] = {e[which].replace('mir_', 'v')};")
    return "\n".join([*lines, "}", TAIL])


def function(mir, given):
    """The lines of a function's body: declarations, then one statement an operation."""
    known = {**mir["constants"], **mir["int_constants"], **{k: float(v) for k, v in mir["bool_constants"].items()}}
    fixed = {name: str(value).replace("inf", "INFINITY") for name, value in known.items()} | given
    phis = [i for i in mir["instructions"] if i["opcode"] == "phi"]
    made = dict.fromkeys(i["result"] for i in mir["instructions"] if "result" in i)
    yield from (f"  double {name} = {value};" for name, value in fixed.items())
    yield from (f"  double {name} = 0.0;" for name in made if name not in fixed)
    block = None

    def jump(source, to):
        """Values of the phis of the block that is entered, then the jump; all are read before one is written."""
        entered = [(p["result"], o) for p in phis if p["block"] == to for o in p["phi_operands"]]
        moves = [(result, o["value"]) for result, o in entered if o["block"] == source]
        taken = "".join(f"double t{k} = {value}; " for k, (_, value) in enumerate(moves))
        put = "".join(f"{name} = t{k}; " for k, (name, _) in enumerate(moves))
        return f"{{ {taken}{put}goto {to}; }}"

    for i in mir["instructions"]:
        if i["block"] != block:
            block = i["block"]
            yield f"{block}:;"
        match i["opcode"]:
            case "phi":
                continue
            case "br":
                ways = jump(block, i["true_block"]), jump(block, i["false_block"])
                yield f"  if ({i['condition']} != 0.0) {ways[0]} else {ways[1]}"
            case "jmp":
                yield f"  {jump(block, i['destination'])}"
            case "optbarrier":
                yield f"  {i['result']} = {i['operands'][0]};"
            case "fneg":
                yield f"  {i['result']} = -{i['operands'][0]};"
            case name if name in BINARY:
                yield f"  {i['result']} = {i['operands'][0]} {BINARY[name]} {i['operands'][1]};"
            case name if name in CALLS:
                yield f"  {i['result']} = {NAMES.get(name, name)}({i['operands'][0]});"
            case name:
                raise ValueError(f"operation {name!r} is not known; add it")
    for each in mir["blocks"]:  # a block without instructions is jumped to all the same
        if not any(i["block"] == each for i in mir["instructions"]):
            yield f"{each}:;"
