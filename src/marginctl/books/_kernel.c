/* The float screen of a book: every account's figures in binary64, with a bound on their error, or the word that decimals
 * must decide. The formulas are those of marginctl.core (partition, requirement, liquidation); what is said there of
 * pools, curves and paths is not said again. All that is read was checked before (``checked``); no global state.
 *
 * Leaves are what is added before anything cancels: |balance| x price, notional and entry value of every leg, rate x
 * notional, deductions. A figure is off by at most 4 (k + 16) 2^-53 S, S the sum of its leaves, k their number. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "_kernel.h"

#define UNIT 1.1102230246251565e-16 /* 2^-53 */
#define NEAR_BORDER (64 * UNIT)
#define FAR_OFF 1e-10   /* the largest error of a crossing, x (1 + u) */
#define BOUND_SHARE 1e-12
#define RATIO_SHARE 2e-10
#define GRID 1e8
#define GRID_END 1e15
#define MOST_CUTS 256
#define MOST_STEPS 200
#define MOST_GAPS 64
#define NONE (-1)

typedef struct {
    const Piece *pieces;
    const Tier *tiers;
    const Contract *contracts;
    const Asset *assets;
    const Variant *variants;
    const Limits *limits;
    Py_ssize_t n_pieces, n_tiers, n_contracts, n_asset_rows, n_variants, n_limits;
    int n_assets;
} Book;

typedef struct {
    Py_ssize_t n, n_balances, n_positions;
    const int64_t *balance_ends, *position_ends;
    const int32_t *variant, *asset, *symbol, *own_limits;
    const uint8_t *marks, *balance_marks, *position_marks;
    const double *amount, *quantity, *entry, *mark, *leverage, *initial_rate, *initial_margin, *maintenance_rate,
        *maintenance_deduction, *isolated_margin;
} Batch;

typedef struct {
    double *figures;
    int32_t *codes;
    uint8_t *marks;
    Py_ssize_t n;
} Results;

/* A number of which it is known that it is a whole multiple of 1e-8; sums of such are exact. */
typedef struct {
    double value;
    int64_t k;
    int exact;
} Amount;

typedef struct { /* weight * ((kept * slope + fee) * v + (kept * intercept + entry) * w): a leg's maintenance along v, w */
    const Piece *curve;
    int n, at, at_now, jumps, on;
    double amount, unit, weight, kept, fee, entry, leaf, spread; /* spread: of what netting took from, over what it left */
    double v0, v1, w0, w1;
} Term;

typedef struct {
    int contract, side, exposure, isolated, rows, pool, twin, settle, driver, underlying, aux, flat, cancels, counts, grid, next_driver, next_settle,
        base, next_group, group;
    Amount quantity, margin;
    double notional, entry, unit_notional, unit_entry, mark;
    double leverage, initial_rate, initial_margin, maintenance_rate, maintenance_deduction;
    double initial, need; /* what it, or what netting leaves of it, needs to be opened, and to be kept */
    Piece own[2];
    Term term;
} Leg;

typedef struct {
    int id, hold, flags, given, first_driver, first_settle, group, group_pool, is_row;
    Amount amount, aside;
    double price, move, beta, notional, r0, r1; /* move: of all together, its beta or that of a scenario */
} Local;

typedef struct {
    int local, n, at, at_now, falls, on;
    const Piece *curve;
    double balance, price, own, gross, leaf, leaf_own, leaf_now, value, loan, loan_rate, steepest;
    double g0, g1, p0, p1;
} Hold;

typedef struct {
    const Rules *rules;
    int shared, code, n_holds, n_legs, rows, n_terms, has_terms, maybe_loan, can_owe, grouped, curved, liquidatable,
        occupied, only;
    Hold *holds;
    int *legs;
    double equity, initial, maintenance, leaf_equity, leaf_path, leaf_initial, leaf_maintenance, coefficient, e_equity, e_initial,
        e_maintenance, buffer, e_buffer, steepest_beta, down, up;
} Pool;

typedef struct { /* legs of which only the dearer side counts */
    int first, pool, on;
    double long_need, short_need, long_initial, short_initial, need;
} Group;

typedef struct {
    int contract, leg[4];
    double mark, before; /* before: today's, at the end of a scenario */
} Slot;

typedef struct {
    Local *locals;
    Leg *legs;
    Hold *holds;
    Pool *pools;
    Slot *slots;
    Group *groups;
    int *members, *local_of, *slot_of, *touched_holds, *touched_legs;
    double *cuts;
    const Book *today;   /* at the end of a scenario: the book before it */
    const double *ratio; /* of marks, by contract */
    int n_locals, n_legs, n_holds, n_pools, n_slots, n_groups, n_touched_holds, n_touched_legs, n_cuts;
} Work;

typedef struct {
    double value, slope;         /* health, as a line */
    double need, need_slope;     /* the maintenance margin, likewise */
    double size, size_slope;     /* absolute amounts */
} At;

typedef struct {
    Work *work;
    Pool *pool;
    double equity, maintenance; /* what does not move */
    double leaves, moving;      /* leaves at 0, and of them what moves per u */
    int from_within;            /* whether crossings are looked for from the beginning: most paths have one */
    double gone;                /* where all that moves is worth nothing, and nothing else is there: health is 0 */
} Path;

#define AT(column, i) ((column) ? (column)[i] : NAN)

static double larger(double one, double other) { return one > other ? one : other; }
static double smaller(double one, double other) { return one < other ? one : other; }

static Amount amount_of(double value, int on_grid)
{
    Amount found = {value, 0, 0};
    double scaled = value * GRID;
    if (on_grid && fabs(scaled) < GRID_END) {
        found.k = (int64_t)llrint(scaled);
        found.exact = (double)found.k / GRID == value;
    }
    return found;
}

static Amount plus(Amount one, Amount other, int sign)
{
    Amount found = {one.value + sign * other.value, 0, 0};
    if (one.exact && other.exact) {
        int64_t k = one.k + sign * other.k;
        if (k < (int64_t)4e15 && k > (int64_t)-4e15) {
            found.k = k;
            found.exact = 1;
            found.value = (double)k / GRID;
        }
    }
    return found;
}

static int piece_at(const Piece *curve, int n, int at, double value, double unit)
{
    while (at + 1 < n && value > curve[at].border * unit)
        at++;
    while (at > 0 && value <= curve[at - 1].border * unit)
        at--;
    return at;
}

/* Whether a border of some kind beside piece ``at`` is as near as the error of the value. */
static int is_near(const Piece *curve, int n, int at, double value, double unit, double off, int kind)
{
    for (int k = at - 1; k <= at; k++)
        if (k >= 0 && k + 1 < n && (curve[k].flags & kind) && fabs(value - curve[k].border * unit) <= off)
            return 1;
    return 0;
}

static int local_of(Work *w, const Asset *assets, int id)
{
    int at = w->local_of[id];
    if (at != NONE)
        return at;
    at = w->n_locals++;
    w->local_of[id] = at;
    Local *one = &w->locals[at];
    memset(one, 0, sizeof *one);
    one->id = id;
    one->hold = one->first_driver = one->first_settle = one->group = one->group_pool = NONE;
    one->flags = assets[id].flags;
    one->price = assets[id].price;
    one->beta = one->move = assets[id].beta;
    one->amount.exact = one->aside.exact = 1;
    return at;
}

/* ---- what is read of an account ---- */

static int read_balances(const Batch *b, Work *w, const Asset *assets, Py_ssize_t i)
{
    for (int64_t row = b->balance_ends[i]; row < b->balance_ends[i + 1]; row++) {
        int id = b->asset[row];
        if (id < 0 || !isfinite(b->amount[row]) || (b->balance_marks[row] & BAD))
            return WHY_INPUT;
        Local *one = &w->locals[local_of(w, assets, id)];
        if (one->given)
            return WHY_INPUT;
        one->given = 1;
        one->hold = w->n_holds++;
        w->holds[one->hold].local = w->local_of[id];
        one->amount = amount_of(b->amount[row], b->balance_marks[row] & ON_GRID);
    }
    return DECIDED;
}

static int read_marks(const Book *book, const Batch *b, Work *w, Py_ssize_t i)
{
    for (int64_t row = b->position_ends[i]; row < b->position_ends[i + 1]; row++) {
        int symbol = b->symbol[row];
        double mark = AT(b->mark, row);
        if (symbol < 0 || (b->position_marks[row] & BAD))
            return WHY_INPUT;
        if (book->contracts[symbol].type == UNMODELLED)
            return WHY_UNMODELLED;
        int at = w->slot_of[symbol];
        if (at == NONE) {
            at = w->slot_of[symbol] = w->n_slots++;
            Slot *fresh = &w->slots[at];
            fresh->contract = symbol;
            fresh->mark = NAN;
            for (int k = 0; k < 4; k++)
                fresh->leg[k] = NONE;
        }
        if (isnan(mark))
            continue;
        if (!(mark > 0) || !isfinite(mark) || (!isnan(w->slots[at].mark) && w->slots[at].mark != mark))
            return WHY_INPUT;
        w->slots[at].mark = mark;
    }
    for (int k = 0; k < w->n_slots; k++) {
        Slot *slot = &w->slots[k];
        int is_stated = !isnan(slot->mark);
        if (w->today) {
            slot->before = is_stated ? slot->mark : w->today->contracts[slot->contract].mark;
            slot->mark *= w->ratio[slot->contract];
        }
        if (!is_stated)
            slot->mark = book->contracts[slot->contract].mark;
        if (!(slot->mark > 0))
            return WHY_INPUT;
    }
    return DECIDED;
}

static int same(double one, double other) { return one == other || (isnan(one) && isnan(other)); }

static int is_rate(double value, double least) { return isnan(value) || (value >= least && value <= 1); }

static int side_of(int marks, double quantity)
{
    int stated = marks & 3;
    return stated == SIDE_LONG ? 1 : stated == SIDE_SHORT ? -1 : quantity < 0 ? -1 : 1;
}

static int read_positions(const Book *book, const Batch *b, Work *w, const Variant *v, const Asset *assets, Py_ssize_t i)
{
    for (int64_t row = b->position_ends[i]; row < b->position_ends[i + 1]; row++) {
        int marks = b->position_marks[row], isolated = (marks & ISOLATED) != 0, stated = marks & 3;
        const Contract *c = &book->contracts[b->symbol[row]];
        double quantity = b->quantity[row], entry = AT(b->entry, row), own = AT(b->isolated_margin, row);
        double leverage = AT(b->leverage, row), rate = AT(b->initial_rate, row), margin = AT(b->initial_margin, row);
        double kept = AT(b->maintenance_rate, row), less = AT(b->maintenance_deduction, row);
        int side = side_of(marks, quantity);
        if (!stated)
            quantity = fabs(quantity);
        if (!(quantity > 0) || !isfinite(quantity) || stated == 3)
            return WHY_INPUT;
        if (!isnan(entry) && (!(entry > 0) || !isfinite(entry)))
            return WHY_INPUT;
        if (isolated != !isnan(own) || (isolated && (!(own > 0) || !isfinite(own))))
            return WHY_INPUT;
        if (!isnan(leverage) + !isnan(rate) + !isnan(margin) > 1 || (!isnan(less) && isnan(kept)))
            return WHY_INPUT;
        if ((!isnan(leverage) && (!(leverage > 0) || !isfinite(leverage))) || !is_rate(rate, 0) || !is_rate(kept, 0))
            return WHY_INPUT;
        if ((!isnan(margin) && !(margin >= 0)) || (!isnan(less) && !(less >= 0)) || margin > 1e300 || less > 1e300)
            return WHY_INPUT;
        Slot *slot = &w->slots[w->slot_of[b->symbol[row]]];
        int grid = marks & ON_GRID;
        int place = 2 * isolated + (side < 0), at = slot->leg[place];
        int flat = isnan(entry) && !w->today; /* opened at the mark: a profit of 0 to the last digit */
        if (isnan(entry))
            entry = w->today ? slot->before : slot->mark;
        if (w->today && (isolated ? v->isolated : v->cross).initial_basis == AT_MARK) { /* it grows with what it is for */
            double ratio = w->ratio[b->symbol[row]];
            margin = c->type == INVERSE ? margin / ratio : margin * ratio;
        }
        int fresh = at == NONE;
        if (fresh) {
            at = slot->leg[place] = w->n_legs++;
            memset(&w->legs[at], 0, sizeof(Leg));
        }
        Leg *leg = &w->legs[at];
        double unit = c->type == INVERSE ? c->size * assets[c->settle].price : c->size * assets[c->settle].price;
        double at_entry = c->type == INVERSE ? quantity * unit / entry : quantity * unit * entry;
        if (!fresh) {
            if (leg->aux || (marks & AUX))
                return WHY_INPUT;
            if (!same(leg->leverage, leverage) || !same(leg->initial_rate, rate) || !same(leg->maintenance_rate, kept)
                || !same(leg->maintenance_deduction, less) || isnan(leg->initial_margin) != isnan(margin))
                return WHY_INPUT;
            if (leg->rows == 1)
                leg->quantity = amount_of(leg->quantity.value, leg->grid);
            leg->quantity = plus(leg->quantity, amount_of(quantity, grid), 1);
            leg->margin = plus(leg->margin, amount_of(isolated ? own : 0, grid), 1);
            leg->grid &= grid;
            leg->initial_margin += margin;
            leg->entry += at_entry;
            leg->flat &= flat;
            leg->rows++;
            continue;
        }
        leg->contract = b->symbol[row];
        leg->side = side;
        leg->exposure = c->type == INVERSE ? -side : side;
        leg->isolated = isolated;
        leg->rows = 1;
        leg->aux = marks & AUX;
        leg->flat = flat;
        leg->twin = leg->next_driver = leg->next_settle = leg->next_group = leg->group = NONE;
        leg->grid = grid;
        leg->quantity.value = quantity; /* whether it is exact is asked where it is compared */
        leg->margin = amount_of(isolated ? own : 0, isolated ? grid : 1);
        if (c->flags & BY_QUANTITY)
            leg->quantity = amount_of(quantity, grid);
        leg->mark = slot->mark;
        leg->unit_notional = c->type == INVERSE ? unit / slot->mark : unit * slot->mark;
        leg->entry = at_entry;
        leg->leverage = leverage;
        leg->initial_rate = rate;
        leg->initial_margin = margin;
        leg->maintenance_rate = kept;
        leg->maintenance_deduction = less;
        leg->settle = local_of(w, assets, c->settle);
        leg->driver = local_of(w, assets, c->driver);
        leg->underlying = local_of(w, assets, c->underlying);
        leg->base = local_of(w, assets, c->base);
    }
    return DECIDED;
}

/* Opposite legs, and whether the account's mode has room for them; what is set aside for isolated ones. */
static int read_sides(const Batch *b, Work *w, const Variant *v, const Book *book, Py_ssize_t i)
{
    int hedge = b->marks[i] & HEDGE_MODE;
    if (hedge && !v->offers_hedge)
        return WHY_INPUT;
    for (int k = 0; k < w->n_slots; k++) {
        Slot *slot = &w->slots[k];
        for (int mode = 0; mode < 2; mode++) {
            int longs = slot->leg[2 * mode], shorts = slot->leg[2 * mode + 1];
            if (longs == NONE || shorts == NONE)
                continue;
            if (!hedge)
                return WHY_INPUT;
            if (!mode) {
                Leg *one = &w->legs[longs], *other = &w->legs[shorts];
                one->quantity = one->rows == 1 ? amount_of(one->quantity.value, one->grid) : one->quantity;
                other->quantity = other->rows == 1 ? amount_of(other->quantity.value, other->grid) : other->quantity;
                one->twin = shorts;
                other->twin = longs;
                one->cancels = other->cancels =
                    one->quantity.exact && other->quantity.exact && one->quantity.k == other->quantity.k;
            }
        }
    }
    for (int k = 0; k < w->n_legs; k++) {
        Leg *leg = &w->legs[k];
        Local *settle = &w->locals[leg->settle];
        leg->unit_entry = leg->entry / leg->quantity.value;
        leg->notional = leg->quantity.value * leg->unit_notional;
        if (settle->hold == NONE) {
            settle->hold = w->n_holds++;
            w->holds[settle->hold].local = leg->settle;
        }
        if (leg->isolated) {
            if (!v->offers_isolated)
                return WHY_INPUT;
            settle->aside = plus(settle->aside, leg->margin, 1);
        } else if (!(settle->flags & KNOWN))
            return WHY_INPUT;
        else
            w->locals[leg->underlying].notional += leg->notional;
    }
    for (int k = 0; k < w->n_locals; k++) {
        Local *one = &w->locals[k];
        const Asset *asset = &book->assets[v->assets + one->id];
        Amount rest = plus(one->amount, one->aside, -1);
        if (one->given && (!(one->flags & KNOWN) || (one->amount.value < 0 && (one->flags & NO_DEBT))))
            return WHY_INPUT;
        if (one->amount.value + (book->limits->apart ? one->aside.value : 0) >= asset->largest * (1 - NEAR_BORDER))
            return WHY_INPUT;
        if (book->limits->apart || !one->aside.value)
            continue;
        if (rest.exact ? rest.k < 0 : rest.value <= 16 * UNIT * (w->n_legs + 1) * (fabs(one->amount.value) + one->aside.value))
            return WHY_INPUT;
    }
    return DECIDED;
}

/* ---- what a leg needs ---- */

/* The tier of a quantity; NONE where it is too near to a border to tell. */
static int tier_of_quantity(const Tier *tiers, int n, Amount quantity, double of_leg)
{
    int k = 0;
    for (; k < n; k++) {
        double up_to = tiers[k].up_to;
        if (fabs(quantity.value - up_to) <= NEAR_BORDER * of_leg) {
            Amount border = amount_of(up_to, 1);
            if (!border.exact || !quantity.exact)
                return NONE;
            if (quantity.k <= border.k)
                break;
        } else if (quantity.value <= up_to)
            break;
    }
    return k < n ? k : n - 1;
}

/* A rate less a deduction, never below 0, as one curve of one leg. */
static int own_curve(Leg *leg, double rate, double deduction)
{
    Piece line = {INFINITY, rate, -deduction, 0, 0};
    if (!(deduction > 0)) {
        leg->own[0] = line;
        return 1;
    }
    Piece nothing = {rate > 0 ? deduction / rate : INFINITY, 0, 0, BEGINS, 0};
    leg->own[0] = nothing;
    leg->own[1] = line;
    return rate > 0 ? 2 : 1;
}

static int initial_rate(const Book *book, const Leg *leg, const Contract *c, Amount quantity, double value, double unit,
                        double of_leg, double *rate)
{
    const Tier *tiers = book->tiers + c->tiers;
    int n = c->tiers_end - c->tiers, k = 0;
    if (!isnan(leg->initial_rate)) {
        *rate = leg->initial_rate;
        return DECIDED;
    }
    double least = isnan(leg->leverage) ? 0 : 1 / leg->leverage;
    *rate = least;
    if (!n)
        return DECIDED;
    if (c->flags & BY_QUANTITY) {
        k = tier_of_quantity(tiers, n, quantity, leg->quantity.value);
        if (k == NONE)
            return WHY_BORDER;
    } else {
        while (k + 1 < n && value > tiers[k].up_to * unit)
            k++;
        for (int j = k - 1; j <= k; j++)
            if (j >= 0 && j + 1 < n && larger(least, tiers[j].initial) != larger(least, tiers[j + 1].initial)
                && fabs(value - tiers[j].up_to * unit) <= NEAR_BORDER * of_leg)
                return WHY_BORDER;
    }
    *rate = larger(least, tiers[k].initial);
    return DECIDED;
}

static int maintenance_curve(const Book *book, Leg *leg, const Contract *c, Amount quantity, Term *term)
{
    if (!isnan(leg->maintenance_rate)) {
        double less = isnan(leg->maintenance_deduction) ? 0 : leg->maintenance_deduction;
        term->n = own_curve(leg, leg->maintenance_rate, less);
        term->curve = leg->own;
    } else if (c->flags & BY_QUANTITY) {
        int n = c->tiers_end - c->tiers, k = tier_of_quantity(book->tiers + c->tiers, n, quantity, leg->quantity.value);
        if (k == NONE)
            return WHY_BORDER;
        term->n = own_curve(leg, book->tiers[c->tiers + k].rate, book->tiers[c->tiers + k].deduction);
        term->curve = leg->own;
    } else {
        term->curve = book->pieces + c->curve;
        term->n = c->curve_end - c->curve;
        term->jumps = (c->flags & JUMPS) != 0;
    }
    return DECIDED;
}

/* Whether the size is within the contract's tiers, where they are asked. */
static int is_rated(const Book *book, const Leg *leg, const Contract *c, double unit)
{
    int n = c->tiers_end - c->tiers;
    int own = !isnan(leg->leverage) || !isnan(leg->initial_rate) || !isnan(leg->initial_margin);
    if ((!own && !(c->flags & ALL_INITIAL)) || (isnan(leg->maintenance_rate) && !n))
        return 0;
    if (!n || (own && !isnan(leg->maintenance_rate)))
        return 1;
    double last = book->tiers[c->tiers_end - 1].up_to;
    double measure = c->flags & BY_QUANTITY ? leg->quantity.value : leg->notional / unit;
    return measure < last * (1 - NEAR_BORDER);
}

/* The terms of ``quantity`` of a leg: all of it, or what netting leaves; ``open``: what the other side does not hedge,
 * where what it hedges needs fees alone. */
static int leg_terms(const Book *book, Leg *leg, Pool *pool, const Variant *v, const Asset *asset, Amount quantity,
                     double unit, Amount open)
{
    const Contract *c = &book->contracts[leg->contract];
    const Rules *r = pool->rules;
    Term *term = &leg->term;
    double notional = quantity.value * leg->unit_notional, entry = quantity.value * leg->unit_entry, rate, full = 0;
    double weight = pool->shared ? asset->weight : 1;
    double whole = r->initial_basis == AT_MARK ? leg->notional : leg->entry;
    double opened = r->initial_basis == AT_MARK ? notional : entry;
    int why = initial_rate(book, leg, c, quantity, opened, unit, whole, &rate);
    if (why)
        return why;
    if (!isnan(leg->initial_margin))
        rate = leg->initial_margin * unit / whole;
    leg->initial = rate * opened;
    double leaf = rate * whole;
    why = maintenance_curve(book, leg, c, quantity, term);
    if (why)
        return why;
    term->amount = notional;
    term->unit = unit;
    term->weight = weight;
    term->kept = open.value < leg->quantity.value ? larger(0, open.value) / leg->quantity.value : 1;
    double times = 2 - term->kept; /* fees */
    double sized = r->maintenance_basis == AT_MARK ? notional : entry;
    double sized_leg = r->maintenance_basis == AT_MARK ? leg->notional : leg->entry;
    term->at = piece_at(term->curve, term->n, 0, sized, unit);
    const Piece *piece = &term->curve[term->at];
    if (is_near(term->curve, term->n, term->at, sized, unit, NEAR_BORDER * sized_leg, JUMP | BEGINS))
        return WHY_BORDER;
    term->leaf = weight * (fabs(piece->slope) * sized_leg + fabs(piece->intercept) * unit);
    if (r->maintenance_basis == AT_ENTRY) {
        term->entry = term->kept * (piece->slope * entry + piece->intercept * unit) / unit;
        term->curve = NULL;
        term->n = term->jumps = 0;
    }
    if (r->close_fee != FEE_NONE && v->taker_fee != 0) {
        double fee = v->taker_fee * times;
        if (r->close_fee == FEE_BANKRUPTCY) {
            why = initial_rate(book, leg, c, leg->quantity, whole, unit, whole, &full);
            if (why)
                return why;
            if (!isnan(leg->initial_margin))
                full = leg->initial_margin * unit / whole;
            fee *= larger(0, 1 - leg->exposure * full);
            term->entry += fee * entry / unit;
            term->leaf += weight * v->taker_fee * times * (1 + full) * leg->entry;
            fee *= entry;
        } else {
            term->fee = fee;
            term->leaf += weight * fee * leg->notional;
            fee *= notional;
        }
        if (r->close_fee_in == FEE_IN_BOTH && isnan(leg->initial_margin)) {
            leg->initial += fee;
            leaf += v->taker_fee * times * (1 + full) * larger(leg->notional, leg->entry);
        }
    }
    leg->initial *= weight;
    pool->leaf_initial += weight * leaf;
    pool->leaf_maintenance += term->leaf;
    pool->n_terms++;
    double least = smaller(quantity.value, open.value);
    term->spread = (quantity.exact && open.exact) || !(least > 0) ? 1 : leg->quantity.value / least;
    leg->counts = 1;
    term->on = term->kept > 0 || term->fee != 0 || term->entry != 0;
    if (!(term->kept > 0))
        term->n = term->jumps = 0;
    return DECIDED;
}

static double term_now(const Term *term)
{
    double found = term->fee * term->amount + term->entry * term->unit;
    if (term->n)
        found += term->kept * (term->curve[term->at].slope * term->amount + term->curve[term->at].intercept * term->unit);
    return term->weight * found;
}

/* ---- what a pool has and needs today ---- */

/* Into the legs of its underlying, or of its contract, of which the dearer side counts. */
static void join_group(Work *w, Pool *pool, Leg *leg, int at)
{
    int pool_at = (int)(pool - w->pools), found = NONE;
    Local *base = &w->locals[leg->base];
    if (pool->rules->underlying_netting == NET_LARGER)
        found = base->group_pool == pool_at ? base->group : NONE;
    else
        found = w->legs[leg->twin].group;
    if (found == NONE) {
        Group fresh = {NONE, pool_at, 0, 0, 0, 0, 0, 0};
        found = w->n_groups++;
        w->groups[found] = fresh;
        base->group = found;
        base->group_pool = pool_at;
    }
    leg->group = found;
    leg->next_group = w->groups[found].first;
    w->groups[found].first = at;
    pool->grouped = 1;
}

static int add_leg(const Book *book, Work *w, Pool *pool, const Variant *v, int at)
{
    Leg *leg = &w->legs[at];
    const Contract *c = &book->contracts[leg->contract];
    const Asset *settle = &book->assets[v->assets + c->settle];
    const Rules *r = pool->rules;
    Amount quantity = leg->quantity;
    if (!is_rated(book, leg, c, settle->price))
        return WHY_INPUT;
    Hold *hold = pool->shared ? &w->holds[w->locals[leg->settle].hold] : pool->holds;
    hold->own -= leg->exposure * leg->entry;
    hold->leaf += leg->notional + leg->entry;
    hold->leaf_own += leg->entry;
    if (!leg->flat) {
        hold->gross += leg->exposure * (leg->notional - leg->entry);
        hold->leaf_now += leg->notional + leg->entry;
    }
    pool->rows += leg->rows;
    Amount open = quantity;
    if ((r->netting == NET_NET || r->netting == NET_HEDGED) && leg->twin != NONE && pool->shared) {
        Leg *twin = &w->legs[leg->twin];
        open = plus(leg->quantity, twin->quantity, -1);
        double off = 16 * UNIT * (leg->rows + twin->rows) * (leg->quantity.value + twin->quantity.value);
        if (!open.exact && fabs(open.value) <= off)
            return WHY_FIGURE;
        if (r->netting == NET_NET && !(open.value > 0))
            return DECIDED;
        if (r->netting == NET_NET)
            quantity = open, open = leg->quantity;
    }
    int why = leg_terms(book, leg, pool, v, settle, quantity, settle->price, open);
    if (why)
        return why;
    if (pool->shared && (r->underlying_netting == NET_LARGER || (r->netting == NET_LARGER && leg->twin != NONE)))
        join_group(w, pool, leg, at);
    pool->curved |= leg->term.jumps;
    return DECIDED;
}

static void sum_requirements(Work *w, Pool *pool)
{
    for (int k = 0; k < pool->n_legs; k++) {
        Leg *leg = &w->legs[pool->legs[k]];
        if (!leg->counts)
            continue;
        double need = leg->need = leg->term.on ? term_now(&leg->term) : 0;
        leg->term.at_now = leg->term.at;
        if (leg->group == NONE) {
            pool->initial += leg->initial;
            pool->maintenance += need;
            continue;
        }
        Group *group = &w->groups[leg->group];
        *(leg->side > 0 ? &group->long_initial : &group->short_initial) += leg->initial;
        *(leg->side > 0 ? &group->long_need : &group->short_need) += need;
    }
    for (int k = 0; pool->grouped && k < w->n_groups; k++)
        if (w->groups[k].pool == (int)(pool - w->pools)) {
            pool->initial += larger(w->groups[k].long_initial, w->groups[k].short_initial);
            w->groups[k].need = larger(w->groups[k].long_need, w->groups[k].short_need);
            pool->maintenance += w->groups[k].need;
            w->groups[k].long_need = w->groups[k].short_need = w->groups[k].long_initial = w->groups[k].short_initial = 0;
        }
}

/* Equity, requirements, and what decides whether they can be trusted. */
static int weigh(const Book *book, Work *w, Pool *pool, const Variant *v)
{
    int why;
    for (int k = 0; k < pool->n_legs; k++)
        if ((why = add_leg(book, w, pool, v, pool->legs[k])))
            return why;
    sum_requirements(w, pool);
    for (int k = 0; k < pool->n_legs; k++)
        pool->has_terms |= w->legs[pool->legs[k]].term.on;
    pool->coefficient = 4 * (pool->n_holds + pool->rows + pool->n_terms + 16) * UNIT;
    double loans = 0;
    for (int k = 0; k < pool->n_holds; k++) {
        Hold *h = &pool->holds[k];
        h->at = h->at_now = piece_at(h->curve, h->n, 0, h->gross, h->price);
        h->value = h->curve[h->at].slope * h->gross + h->curve[h->at].intercept * h->price;
        h->loan = h->gross < 0 ? -h->loan_rate * h->gross : 0;
        loans += h->loan;
        pool->equity += h->value;
        pool->leaf_equity += h->leaf_now * h->steepest + fabs(h->curve[h->at].intercept) * h->price;
        pool->leaf_path += h->leaf * h->steepest;
        pool->curved |= h->falls;
        if (h->loan_rate > 0) {
            pool->can_owe |= h->leaf > 0;
            if (h->gross < pool->coefficient * h->leaf_now) {
                pool->leaf_maintenance += h->loan_rate * h->leaf_now;
                pool->maybe_loan |= h->gross > -pool->coefficient * h->leaf_now && h->leaf_now > 0;
            }
        }
    }
    pool->maintenance += loans;
    pool->e_equity = pool->coefficient * pool->leaf_equity;
    pool->e_initial = pool->coefficient * pool->leaf_initial;
    pool->e_maintenance = pool->coefficient * pool->leaf_maintenance;
    double level = pool->rules->level;
    pool->buffer = pool->equity - level * pool->maintenance;
    pool->e_buffer = pool->e_equity + level * pool->e_maintenance;
    pool->occupied = pool->n_legs > 0;
    if (!isfinite(pool->buffer) || !isfinite(pool->e_buffer) || !isfinite(pool->initial))
        return WHY_FIGURE;
    if (pool->maintenance <= pool->e_maintenance && (pool->maintenance > 0 || pool->maybe_loan))
        return WHY_HEALTH; /* whether anything is required at all */
    if (pool->initial <= pool->e_initial && pool->initial > 0)
        return WHY_HEALTH;
    if (pool->maintenance > 0) {
        if (fabs(pool->buffer) <= pool->e_buffer)
            return WHY_HEALTH;
        pool->liquidatable = pool->buffer < 0;
    } else if (pool->equity < -pool->e_equity && (pool->has_terms || (pool->can_owe && pool->n_legs)))
        return WHY_HEALTH; /* not yet liquidatable: where a requirement begins it is */
    else if (pool->e_equity > 0 && fabs(pool->equity) <= pool->e_equity)
        return WHY_HEALTH;
    return DECIDED;
}

/* ---- the pools of an account ---- */

static void set_hold(const Book *book, Hold *h, const Work *w, const Variant *v, int bare)
{
    const Local *one = &w->locals[h->local];
    const Asset *asset = &book->assets[v->assets + one->id];
    h->price = one->price;
    h->curve = book->pieces + asset->curve;
    h->n = asset->curve_end - asset->curve;
    h->loan_rate = asset->loan_rate;
    h->steepest = asset->steepest;
    h->falls = (asset->flags & FALLS) != 0;
    if (bare) {
        h->curve = book->pieces + book->limits->bare;
        h->n = 2;
        h->loan_rate = 0;
        h->steepest = 1;
        h->falls = 0;
    }
}

static Pool *new_pool(Work *w, const Rules *rules, int shared, int code)
{
    Pool *pool = &w->pools[w->n_pools++];
    memset(pool, 0, sizeof *pool);
    pool->rules = rules;
    pool->shared = shared;
    pool->code = code;
    pool->down = pool->up = NONE;
    return pool;
}

/* Who stands and falls together. Cross pools first, in the order of the collateral, then one per isolated leg. */
static void partition(const Book *book, Work *w, const Variant *v)
{
    int n_assets = book->n_assets, at = 0, cross = w->n_holds;
    for (int k = 0; k < cross; k++) {
        Hold *h = &w->holds[k];
        Local *one = &w->locals[h->local];
        Amount rest = book->limits->apart ? one->amount : plus(one->amount, one->aside, -1);
        int local = h->local;
        memset(h, 0, sizeof *h);
        h->local = local;
        set_hold(book, h, w, v, 0);
        h->balance = rest.value;
        h->own = h->gross = rest.value * h->price;
        double leaf = rest.exact || book->limits->apart ? fabs(rest.value) : fabs(one->amount.value) + one->aside.value;
        h->leaf = h->leaf_own = h->leaf_now = leaf * h->price;
        if (!v->multi || !w->n_pools) {
            Pool *pool = new_pool(w, &v->cross, 1, v->multi ? 0 : 1 + one->id);
            pool->holds = h;
        }
        w->pools[w->n_pools - 1].n_holds++;
    }
    for (int p = 0; p < w->n_pools; p++) {
        Pool *pool = &w->pools[p];
        pool->legs = w->members + at;
        if (v->multi || w->n_legs == 0) {
            for (int k = 0; k < w->n_legs; k++)
                if (!w->legs[k].isolated)
                    pool->legs[pool->n_legs++] = k;
        } else
            for (int k = w->locals[pool->holds->local].first_settle; k != NONE; k = w->legs[k].next_settle)
                pool->legs[pool->n_legs++] = k;
        for (int k = 0; k < pool->n_legs; k++)
            w->legs[pool->legs[k]].pool = p;
        at += pool->n_legs;
    }
    for (int k = 0; k < w->n_legs; k++) {
        Leg *leg = &w->legs[k];
        if (!leg->isolated)
            continue;
        Hold *h = &w->holds[w->n_holds++];
        memset(h, 0, sizeof *h);
        h->local = leg->settle;
        set_hold(book, h, w, v, 1);
        h->balance = leg->margin.value;
        h->own = h->gross = h->leaf = h->leaf_own = h->leaf_now = leg->margin.value * h->price;
        leg->pool = w->n_pools;
        Pool *pool = new_pool(w, &v->isolated, 0, 1 + n_assets + 2 * leg->contract + (leg->side < 0));
        pool->holds = h;
        pool->n_holds = 1;
        pool->legs = w->members + at++;
        pool->legs[pool->n_legs++] = k;
    }
}

/* Legs by what drives them and by what they settle in: cross ones alone. */
static void link_legs(Work *w)
{
    for (int k = w->n_legs - 1; k >= 0; k--) {
        Leg *leg = &w->legs[k];
        if (leg->isolated)
            continue;
        leg->next_driver = w->locals[leg->driver].first_driver;
        w->locals[leg->driver].first_driver = k;
        leg->next_settle = w->locals[leg->settle].first_settle;
        w->locals[leg->settle].first_settle = k;
    }
}

/* ---- paths ---- */

static void add_line(double v, double slope, double *at_zero, double *slopes, double factor)
{
    *at_zero += factor * v;
    *slopes += factor * slope;
}

/* The lines of equity and requirement that hold at u (INFINITY: far out; ``pin``: where pieces that jump are looked up). */
static void line_at(const Path *path, double u, double pin, At *found)
{
    Work *w = path->work;
    const Pool *pool = path->pool;
    double level = pool->rules->level, value = path->equity, slope = 0, need = path->maintenance, need_slope = 0;
    double size = 0, size_slope = 0;
    int far = isinf(u);
    for (int k = 0; k < w->n_touched_holds; k++) {
        Hold *h = &pool->holds[w->touched_holds[k]];
        int out = far && !h->falls;
        double place = h->falls ? pin : u;
        double g = out ? h->g1 : h->g0 + h->g1 * place, p = out ? h->p1 : h->p0 + h->p1 * place;
        h->at = piece_at(h->curve, h->n, h->at, g, p);
        double s = h->curve[h->at].slope, y = h->curve[h->at].intercept;
        value += s * h->g0 + y * h->p0;
        slope += s * h->g1 + y * h->p1;
        size += fabs(s * h->g0) + fabs(y * h->p0);
        size_slope += fabs(s * h->g1) + fabs(y * h->p1);
        if (h->loan_rate > 0) {
            double owed = far ? h->g1 : h->g0 + h->g1 * u;
            size += level * h->loan_rate * fabs(h->g0);
            size_slope += level * h->loan_rate * fabs(h->g1);
            if (owed < 0)
                add_line(h->g0, h->g1, &need, &need_slope, -h->loan_rate);
        }
    }
    for (int k = 0; k < w->n_touched_legs; k++) {
        Leg *leg = &w->legs[w->touched_legs[k]];
        Term *t = &leg->term;
        double s = t->fee, y = t->entry;
        if (t->n) {
            int out = far && !t->jumps;
            double place = t->jumps ? pin : u;
            double x = out ? t->v1 : t->v0 + t->v1 * place, p = out ? t->w1 : t->w0 + t->w1 * place;
            if (out && !t->v1 && !t->w1)
                x = t->v0, p = t->w0;
            t->at = piece_at(t->curve, t->n, t->at, x, p);
            s += t->kept * t->curve[t->at].slope;
            y += t->kept * t->curve[t->at].intercept;
            size += t->spread * level * t->weight * fabs(t->curve[t->at].intercept * t->w0);
            size_slope += t->spread * level * t->weight * fabs(t->curve[t->at].intercept * t->w1);
        }
        double now = t->weight * (s * t->v0 + y * t->w0), rise = t->weight * (s * t->v1 + y * t->w1);
        size += t->spread * level * t->weight * fabs(s * t->v0);
        size_slope += t->spread * level * t->weight * fabs(s * t->v1);
        if (leg->group == NONE) {
            need += now;
            need_slope += rise;
            continue;
        }
        Group *g = &w->groups[leg->group];
        if (leg->side > 0)
            g->long_need += now, g->long_initial += rise;
        else
            g->short_need += now, g->short_initial += rise;
    }
    if (pool->grouped)
        for (int k = 0; k < w->n_groups; k++) {
            Group *g = &w->groups[k];
            if (!g->on)
                continue;
            double longs = far ? g->long_initial : g->long_need + g->long_initial * u;
            double shorts = far ? g->short_initial : g->short_need + g->short_initial * u;
            if (far && longs == shorts)
                longs = g->long_need, shorts = g->short_need;
            need += longs >= shorts ? g->long_need : g->short_need;
            need_slope += longs >= shorts ? g->long_initial : g->short_initial;
            g->long_need = g->short_need = g->long_initial = g->short_initial = 0;
        }
    found->value = value - level * need;
    found->slope = slope - level * need_slope;
    found->need = need;
    found->need_slope = need_slope;
    found->size = size;
    found->size_slope = size_slope;
}

static double bound_at(const Path *path, const At *line, double u)
{
    return path->pool->coefficient * (path->leaves + path->moving * u + line->size + line->size_slope * u);
}

typedef struct {
    int why; /* else it is decided: u, or NONE */
    double u, off;
} Found;

static Found undecided(int why)
{
    Found found = {why, NONE, 0};
    return found;
}

/* 1 or -1 where health is above or below 0 by more than its bound, else 0. */
static int health_sign(const Path *path, double u, double pin)
{
    At line;
    line_at(path, u, pin, &line);
    double health = line.value + line.slope * u, off = bound_at(path, &line, u);
    return (health > off) - (health < -off);
}

/* The first crossing on a piece (from, end) on which health is concave; at ``from`` it is ``now``, above its bound. */
static Found cross_concave(const Path *path, double from, double end, double pin, double now, double now_off)
{
    Found none = {DECIDED, NONE, 0};
    At line, next;
    double u = 0, off;
    if (end == path->gone && now > now_off)
        return none; /* above the chord to 0 */
    /* A concave function lies below its tangents: where that of the beginning is 0, the crossing lies behind. */
    int begun = 0;
    if (path->from_within || isinf(end)) {
        line_at(path, from, pin, &line);
        u = line.slope < 0 ? -line.value / line.slope : INFINITY;
        if (u > from && u < end) {
            line_at(path, u, pin, &next);
            begun = next.value + next.slope * u < bound_at(path, &next, u);
        }
    }
    if (!begun) {
        line_at(path, end, pin, &line);
        if (isinf(end)) {
            off = path->pool->coefficient * (path->moving + line.size_slope);
            if (line.slope > off || off == 0)
                return none;
            if (line.slope >= -off)
                return undecided(WHY_PATH);
        } else {
            double health = line.value + line.slope * end;
            off = bound_at(path, &line, end);
            if (fabs(health) <= 2 * off)
                return undecided(WHY_PATH);
            if (health > 0)
                return none;
        }
    }
    for (int step = 0;; step++) {
        if (!begun || step) {
            if (!(line.slope < 0) || step > MOST_STEPS)
                return undecided(WHY_PATH);
            u = -line.value / line.slope;
            if (!(u > from) || u > end || !isfinite(u))
                return undecided(WHY_PATH);
            line_at(path, u, pin, &next);
        }
        if ((next.value == line.value && next.slope == line.slope)
            || next.value + next.slope * u >= -bound_at(path, &next, u) / 8)
            break;
        line = next;
    }
    off = bound_at(path, &next, u);
    Found found = {DECIDED, u, (u - from) * off / (now - now_off) + 8 * UNIT * (1 + u)};
    if (!(now > 2 * now_off) || !(next.need + next.need_slope * u > off))
        return undecided(WHY_PATH);
    if (found.off > FAR_OFF * (1 + u)) { /* the chord from ``from`` says too little: health just before and behind it */
        found.off = 4 * FAR_OFF * (1 + u);
        if (u - found.off <= from || u + found.off >= end || health_sign(path, u - found.off, pin) <= 0
            || health_sign(path, u + found.off, pin) >= 0)
            return undecided(WHY_PATH);
    }
    return found;
}

static int by_size(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

/* Places on (from, end) at which a piece of a curve that is not concave ends; 0 where there are too many of them. */
static int cut(const Path *path, double from, double end)
{
    Work *w = path->work;
    w->n_cuts = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < (pass ? w->n_touched_legs : w->n_touched_holds); k++) {
            const Hold *h = pass ? NULL : &path->pool->holds[w->touched_holds[k]];
            const Term *t = pass ? &w->legs[w->touched_legs[k]].term : NULL;
            if (pass ? !(t->n && t->jumps) : !h->falls)
                continue;
            int n = pass ? t->n : h->n;
            const Piece *curve = pass ? t->curve : h->curve;
            double v0 = pass ? t->v0 : h->g0, v1 = pass ? t->v1 : h->g1, w0 = pass ? t->w0 : h->p0, w1 = pass ? t->w1 : h->p1;
            for (int j = 0; j + 1 < n; j++) {
                double b = curve[j].border, rise = v1 - b * w1, u = (b * w0 - v0) / rise;
                double off = 16 * UNIT * (fabs(b * w0) + fabs(v0) + u * (fabs(v1) + fabs(b * w1))) / fabs(rise);
                if (rise == 0 || !(u > from - off) || !(u < end + off))
                    continue;
                if (off > 1e-12 * (1 + u) || u <= from + off || u >= end - off || w->n_cuts == MOST_CUTS)
                    return 0;
                w->cuts[w->n_cuts++] = u;
            }
        }
    qsort(w->cuts, (size_t)w->n_cuts, sizeof(double), by_size);
    return 1;
}

/* The first crossing on a stretch, health at its start being ``now``. */
static Found cross_stretch(const Path *path, double from, double end, double now, double now_off)
{
    Work *w = path->work;
    At line;
    if (!path->pool->curved)
        return cross_concave(path, from, end, 0, now, now_off);
    if (!cut(path, from, end))
        return undecided(WHY_PATH);
    for (int k = 0; k <= w->n_cuts; k++) {
        double begin = k ? w->cuts[k - 1] : from, stop = k < w->n_cuts ? w->cuts[k] : end;
        if (stop == begin)
            continue;
        if (stop - begin <= 1e-11 * (1 + begin))
            return undecided(WHY_PATH);
        double pin = isinf(stop) ? 2 * begin + 1 : begin + (stop - begin) / 2;
        if (k) {
            line_at(path, begin, pin, &line);
            now = line.value + line.slope * begin;
            now_off = bound_at(path, &line, begin);
            if (fabs(now) <= 2 * now_off)
                return undecided(WHY_PATH);
            if (now < 0) {
                Found jump = {DECIDED, begin, 1e-12 * (1 + begin)};
                return line.need + line.need_slope * begin > now_off ? jump : undecided(WHY_PATH);
            }
        }
        Found found = cross_concave(path, begin, stop, pin, now, now_off);
        if (found.why || found.u != NONE)
            return found;
    }
    Found none = {DECIDED, NONE, 0};
    return none;
}

static void touch_leg(Work *w, int at)
{
    Leg *leg = &w->legs[at];
    Term *t = &leg->term;
    if (!t->on || t->on == 2)
        return;
    t->on = 2;
    w->touched_legs[w->n_touched_legs++] = at;
    t->at = t->at_now, t->v0 = t->amount, t->v1 = 0, t->w0 = t->unit, t->w1 = 0;
    if (leg->group != NONE && !w->groups[leg->group].on) {
        w->groups[leg->group].on = 1;
        for (int k = w->groups[leg->group].first; k != NONE; k = w->legs[k].next_group)
            touch_leg(w, k);
    }
}

static void untouch(Path *path)
{
    Work *w = path->work;
    for (int k = 0; k < w->n_touched_holds; k++)
        path->pool->holds[w->touched_holds[k]].on = 0;
    for (int k = 0; k < w->n_touched_legs; k++) {
        Leg *leg = &w->legs[w->touched_legs[k]];
        leg->term.on = 1;
        if (leg->group != NONE)
            w->groups[leg->group].on = 0;
    }
    w->n_touched_holds = w->n_touched_legs = 0;
}

static Hold *touch_hold(Path *path, int local)
{
    Work *w = path->work;
    Pool *pool = path->pool;
    int at = pool->shared ? (int)(&w->holds[w->locals[local].hold] - pool->holds) : 0;
    Hold *h = &pool->holds[at];
    if (!h->on) {
        h->on = 1;
        w->touched_holds[w->n_touched_holds++] = at;
        h->at = h->at_now, h->g0 = h->gross, h->g1 = 0, h->p0 = h->price, h->p1 = 0;
        path->equity -= h->value;
        path->maintenance -= h->loan;
    }
    return h;
}

/* All of the rest, once what moves is taken out of it. */
static void settle_rest(Path *path)
{
    Work *w = path->work;
    for (int k = 0; k < w->n_touched_legs; k++)
        if (w->legs[w->touched_legs[k]].group == NONE)
            path->maintenance -= w->legs[w->touched_legs[k]].need;
    for (int k = 0; path->pool->grouped && k < w->n_groups; k++)
        if (w->groups[k].on)
            path->maintenance -= w->groups[k].need;
}

static void begin(Path *path, Work *w, Pool *pool)
{
    path->work = w;
    path->pool = pool;
    path->equity = pool->equity;
    path->maintenance = pool->maintenance;
    path->leaves = pool->leaf_path + pool->rules->level * pool->leaf_maintenance;
    path->moving = 0;
    path->gone = NONE;
    path->from_within = 0;
}

/* A leg of the pool that an asset drives: its hold and its term move with it. */
static void drive(Path *path, int at, double side)
{
    Work *w = path->work;
    Leg *leg = &w->legs[at];
    Hold *h = touch_hold(path, leg->settle);
    if (!leg->cancels) {
        h->g1 += side * leg->exposure * leg->notional;
        path->moving += h->steepest * leg->notional;
    }
    touch_leg(w, at);
    if (leg->term.on)
        leg->term.v1 += side * leg->term.amount;
}

static void unit_moves(Path *path, int at, double side)
{
    Leg *leg = &path->work->legs[at];
    touch_leg(path->work, at);
    if (leg->term.on)
        leg->term.w1 += side * leg->term.unit;
}

/* One asset moves, all else stays: the lines of what it moves in a pool. */
static void lay_alone(Path *path, Work *w, Pool *pool, int local, double side)
{
    begin(path, w, pool);
    int p = (int)(pool - w->pools);
    if (pool->shared ? w->locals[local].hold != NONE : pool->holds->local == local) {
        int inside = 1;
        if (pool->shared) {
            Hold *h = &w->holds[w->locals[local].hold];
            inside = h >= pool->holds && h < pool->holds + pool->n_holds;
        }
        if (inside) {
            Hold *h = touch_hold(path, local);
            h->g1 += side * h->own;
            h->p1 = side * h->price;
            path->moving += h->steepest * h->leaf_own;
        }
    }
    if (!pool->shared) {
        Leg *leg = &w->legs[pool->legs[0]];
        if (leg->driver == local)
            drive(path, pool->legs[0], side);
        if (leg->settle == local)
            unit_moves(path, pool->legs[0], side);
    } else {
        for (int k = w->locals[local].first_driver; k != NONE; k = w->legs[k].next_driver)
            if (w->legs[k].pool == p)
                drive(path, k, side);
        for (int k = w->locals[local].first_settle; k != NONE; k = w->legs[k].next_settle)
            if (w->legs[k].pool == p)
                unit_moves(path, k, side);
    }
    settle_rest(path);
}

/* The same path to the other side. */
static void turn(Path *path)
{
    Work *w = path->work;
    for (int k = 0; k < w->n_touched_holds; k++) {
        Hold *h = &path->pool->holds[w->touched_holds[k]];
        h->g1 = -h->g1, h->p1 = -h->p1;
    }
    for (int k = 0; k < w->n_touched_legs; k++) {
        Term *t = &w->legs[w->touched_legs[k]].term;
        t->v1 = -t->v1, t->w1 = -t->w1;
    }
}

static Found cross_alone(const Path *path, double end)
{
    Found none = {DECIDED, NONE, 0};
    if (!path->work->n_touched_holds && !path->work->n_touched_legs)
        return none;
    return cross_stretch(path, 0, end, path->pool->buffer, path->pool->e_buffer);
}

/* No slope of health is steeper while an asset moves alone; INFINITY where that is not plain. Only what bends without
 * jumping has such a slope, and of an asset in which legs settle the tiers climb on both sides. */
static double steepest_alone(const Work *w, const Pool *pool, int local)
{
    const Local *one = &w->locals[local];
    double level = pool->rules->level, found = 0;
    int p = (int)(pool - w->pools);
    if (pool->curved || !pool->shared)
        return INFINITY;
    for (int k = one->first_settle; k != NONE; k = w->legs[k].next_settle)
        if (w->legs[k].pool == p)
            return INFINITY;
    if (one->hold != NONE && &w->holds[one->hold] >= pool->holds && &w->holds[one->hold] < pool->holds + pool->n_holds)
        found = fabs(w->holds[one->hold].value) + level * w->holds[one->hold].loan;
    for (int k = one->first_driver; k != NONE; k = w->legs[k].next_driver) {
        const Leg *leg = &w->legs[k];
        if (leg->pool != p)
            continue;
        const Hold *h = &w->holds[w->locals[leg->settle].hold];
        double rate = leg->term.n ? leg->term.curve[leg->term.n - 1].slope : 0;
        found += leg->notional * (h->steepest + level * h->loan_rate);
        if (leg->term.on)
            found += level * leg->term.weight * (rate + leg->term.fee) * leg->term.amount;
    }
    return found * (1 + 1e-9);
}

/* Whether no price reaches 0 before the end of the way down, nor on the way up. */
static int is_plain(const Work *w, const Pool *pool)
{
    int plain = 1;
    for (int k = 0; k < pool->n_holds; k++) {
        double beta = w->locals[pool->holds[k].local].beta;
        plain &= beta >= 0 && beta <= 1;
    }
    for (int k = 0; k < pool->n_legs; k++) {
        double beta = w->locals[w->legs[pool->legs[k]].driver].beta;
        plain &= beta >= 0 && beta <= 1;
    }
    return plain;
}

/* All assets together by their betas, from where some prices may be 0 already. Where the next one is: INFINITY, none. */
static double lay_together(Path *path, Work *w, Pool *pool, double side, double from)
{
    double next = INFINITY;
    int moves_all = side < 0;
    begin(path, w, pool);
    path->from_within = 1;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < (pass ? pool->n_legs : pool->n_holds); k++) {
            const Leg *leg = pass ? &w->legs[pool->legs[k]] : NULL;
            if (pass && leg->cancels && !leg->term.on)
                continue; /* what drives legs that leave nothing of each other drives nothing */
            Local *one = &w->locals[pass ? leg->driver : pool->holds[k].local];
            double slope = side * one->move, zero = slope < 0 ? -1 / slope : INFINITY;
            one->r0 = zero <= from ? 0 : 1;
            one->r1 = zero <= from ? 0 : slope;
            if (zero > from && zero < next)
                next = zero;
            moves_all &= slope == -1;
        }
    for (int k = 0; k < pool->n_holds; k++) {
        Hold *h = touch_hold(path, pool->holds[k].local);
        const Local *one = &w->locals[h->local];
        path->moving += h->steepest * h->leaf_own * fabs(one->r1);
        h->g0 = h->own * one->r0, h->g1 = h->own * one->r1;
        h->p0 = h->price * one->r0, h->p1 = h->price * one->r1;
    }
    for (int k = 0; k < pool->n_legs; k++) {
        Leg *leg = &w->legs[pool->legs[k]];
        const Local *driver = &w->locals[leg->driver], *settle = &w->locals[leg->settle];
        Hold *h = touch_hold(path, leg->settle);
        if (!leg->cancels) {
            h->g0 += leg->exposure * leg->notional * driver->r0, h->g1 += leg->exposure * leg->notional * driver->r1;
            path->moving += h->steepest * leg->notional * fabs(driver->r1);
        }
        touch_leg(w, pool->legs[k]);
        Term *t = &leg->term;
        t->v0 = t->amount * driver->r0, t->v1 = t->amount * driver->r1;
        t->w0 = t->unit * settle->r0, t->w1 = t->unit * settle->r1;
    }
    path->equity = path->maintenance = 0; /* nothing stays */
    path->gone = moves_all ? 1 : NONE;
    return next;
}

/* The same stretch by stretch, cut where a price reaches 0. */
static Found cross_stretches(Work *w, Pool *pool, double side, double end)
{
    double from = 0, now = pool->buffer, now_off = pool->e_buffer;
    Found found = {DECIDED, NONE, 0};
    while (from < end) {
        Path path;
        double stop = smaller(end, lay_together(&path, w, pool, side, from));
        if (from > 0) {
            At line;
            line_at(&path, from, from + (isinf(stop) ? 1 : (stop - from) / 2), &line);
            now = line.value + line.slope * from;
            now_off = bound_at(&path, &line, from);
            found = fabs(now) <= 2 * now_off || now < 0 ? undecided(WHY_PATH) : found;
        }
        if (!found.why)
            found = cross_stretch(&path, from, stop, now, now_off);
        untouch(&path);
        if (found.why || found.u != NONE)
            return found;
        from = stop;
    }
    return found;
}

static void cross_together(Work *w, Pool *pool, Found *falls, Found *rises)
{
    Path path;
    if (!is_plain(w, pool)) {
        *falls = cross_stretches(w, pool, -1, 1);
        *rises = cross_stretches(w, pool, 1, INFINITY);
        return;
    }
    lay_together(&path, w, pool, -1, 0);
    *falls = cross_stretch(&path, 0, 1, pool->buffer, pool->e_buffer);
    turn(&path);
    path.gone = NONE;
    *rises = cross_stretch(&path, 0, INFINITY, pool->buffer, pool->e_buffer);
    untouch(&path);
}

/* ---- an account ---- */

enum { NO, YES, UNSURE };

typedef struct {
    double amount, off;
} Sized;

/* Whether amount / of > limit, multiplied across. */
static int exceeds(Sized amount, Sized of, double limit)
{
    if (isnan(limit) || amount.amount == 0)
        return NO;
    if (of.amount == 0 && of.off == 0)
        return YES;
    if (fabs(of.amount) <= of.off)
        return UNSURE;
    if (of.amount < 0)
        return YES;
    double over = amount.amount - limit * of.amount;
    if (fabs(over) <= (1 + limit) * (amount.off + of.off))
        return UNSURE;
    return over > 0;
}

/* A distance below its least; NONE: never reached. */
static int falls_short(double u, double off, double limit)
{
    if (isnan(limit) || u == NONE)
        return NO;
    return fabs(u - limit) <= 2 * off ? UNSURE : u < limit;
}

typedef struct {
    int why, failed, warned;
} Verdict;

static void judge(Verdict *verdict, int code, int fails, int warns)
{
    if (fails == UNSURE || (fails == NO && warns == UNSURE))
        verdict->why = WHY_LIMIT;
    else if (fails)
        verdict->failed |= 2 << code;
    else if (warns)
        verdict->warned |= 2 << code;
}

static void judge_ratio(Verdict *verdict, const Limits *limits, int code, Sized amount, Sized of)
{
    judge(verdict, code, exceeds(amount, of, limits->fail[code]), exceeds(amount, of, limits->warn[code]));
}

static void judge_distance(Verdict *verdict, const Limits *limits, int code, double u, double off)
{
    judge(verdict, code, falls_short(u, off, limits->fail[code]), falls_short(u, off, limits->warn[code]));
}

/* 1, 0, -1: whether one / its equity is above other / its equity; a ratio that does not exist is above all others. */
static int higher(Sized one, Sized equity, Sized other, Sized other_equity, int *unsure)
{
    int missing = one.amount > 0 && equity.amount <= 0, other_missing = other.amount > 0 && other_equity.amount <= 0;
    if ((one.amount > 0 && equity.off > 0 && fabs(equity.amount) <= equity.off)
        || (other.amount > 0 && other_equity.off > 0 && fabs(other_equity.amount) <= other_equity.off))
        *unsure = 1;
    if (missing || other_missing)
        return missing - other_missing;
    if (!(one.amount > 0) || !(other.amount > 0))
        return (one.amount > 0) - (other.amount > 0);
    double gap = one.amount * other_equity.amount - other.amount * equity.amount;
    double off = one.amount * other_equity.off + one.off * other_equity.amount + other.amount * equity.off
                 + other.off * equity.amount;
    if (fabs(gap) <= 4 * off + 8 * UNIT * one.amount * other_equity.amount)
        *unsure = 1;
    return gap > 0 ? 1 : -1;
}

static Sized equity_of(const Pool *pool) { return (Sized){pool->equity, pool->e_equity}; }
static Sized used_of(const Pool *pool) { return (Sized){pool->initial, pool->e_initial}; }
static Sized kept_of(const Pool *pool)
{
    return (Sized){pool->rules->level * pool->maintenance, pool->rules->level * pool->e_maintenance};
}

static int is_worse(const Pool *one, const Pool *other, int *unsure)
{
    int found = higher(kept_of(one), equity_of(one), kept_of(other), equity_of(other), unsure);
    if (!found)
        found = higher(used_of(one), equity_of(one), used_of(other), equity_of(other), unsure);
    if (found)
        return found > 0;
    double off = one->e_buffer + other->e_buffer;
    if (off > 0 && fabs(one->buffer - other->buffer) <= off)
        *unsure = 1;
    return one->buffer < other->buffer;
}

static Pool *worst_of(Work *w, int *unsure)
{
    int occupied = 0;
    Pool *worst = NULL;
    for (int k = 0; k < w->n_pools; k++)
        occupied |= w->pools[k].shared && w->pools[k].occupied;
    for (int k = 0; k < w->n_pools; k++) {
        Pool *pool = &w->pools[k];
        if (occupied && !pool->shared)
            continue;
        if (!worst || is_worse(pool, worst, unsure))
            worst = pool;
    }
    return worst;
}

/* amount / equity; NAN where equity cannot carry it, 0 for an amount of 0. */
static double over(Sized amount, Sized equity, int *unsure)
{
    if (amount.amount == 0)
        return 0;
    if (equity.off > 0 && fabs(equity.amount) <= equity.off)
        *unsure = 1;
    if (equity.amount <= 0)
        return NAN;
    if (equity.off > RATIO_SHARE * equity.amount || amount.off > RATIO_SHARE * amount.amount)
        *unsure = 1;
    return amount.amount / equity.amount;
}

static int can_cross(const Pool *pool)
{
    return !pool->liquidatable && (pool->maintenance > 0 || pool->has_terms || (pool->can_owe && pool->n_legs));
}

static double nearer(double one, double other)
{
    return one == NONE ? other : other == NONE ? one : smaller(one, other);
}

/* The concentration of every underlying over the cross pools. */
static void judge_concentration(const Book *book, Work *w, Verdict *verdict)
{
    const Limits *limits = book->limits;
    double gross = 0;
    int count = 0;
    for (int k = 0; k < w->n_locals; k++) {
        gross += w->locals[k].notional;
        count += w->locals[k].notional > 0;
    }
    for (int k = 0; k < w->n_locals && count; k++) {
        Sized part = {w->locals[k].notional, 32 * UNIT * (w->n_legs + 16) * w->locals[k].notional};
        Sized all = {gross, 32 * UNIT * (w->n_legs + 16) * gross};
        if (!part.amount)
            continue;
        int fails = exceeds(part, all, limits->fail[MC107]), warns = exceeds(part, all, limits->warn[MC107]);
        if (count == 1) { /* all of it: 1 to the last digit */
            fails = limits->fail_alone;
            warns = limits->warn_alone;
        }
        judge(verdict, MC107, fails, warns);
    }
}

typedef struct {
    double distance, off, move; /* NONE: nothing liquidates */
    int asset, exists;
} Nearest;

/* Beyond the nearest so far. */
static double reach_of(const Nearest *best) { return best->exists ? best->distance + 2 * best->off : INFINITY; }

static int row_of(const Book *book, Work *w, Pool *pool, int local, Nearest *best, Verdict *verdict)
{
    Local *one = &w->locals[local];
    int mark = 1 + (int)(pool - w->pools);
    if ((one->flags & CURRENCY) || one->is_row == mark)
        return DECIDED;
    one->is_row = mark;
    double least = NONE, off = 0;
    if (best->exists && pool->buffer - pool->e_buffer > reach_of(best) * steepest_alone(w, pool, local))
        return DECIDED;
    Path path;
    lay_alone(&path, w, pool, local, -1);
    for (double side = -1; side <= 1; side += 2) {
        if (side > 0)
            turn(&path);
        Found found = cross_alone(&path, smaller(reach_of(best), side < 0 ? 1 : INFINITY));
        if (found.why) {
            untouch(&path);
            return found.why;
        }
        if (found.u == NONE)
            continue;
        if (least == NONE || found.u < least)
            least = found.u, off = found.off;
        if (best->exists && fabs(found.u - best->distance) <= 2 * (found.off + best->off)) {
            untouch(&path);
            return WHY_TIE;
        }
        if (!best->exists || found.u < best->distance) {
            best->exists = 1;
            best->distance = found.u;
            best->off = found.off;
            best->move = side * found.u;
            best->asset = one->id;
        }
    }
    untouch(&path);
    judge_distance(verdict, book->limits, MC102, least, off);
    return verdict->why;
}

/* The underlying of the largest leg: where the nearest crossing often is, so that others are looked at up to there. */
static int heaviest(const Work *w, const Pool *pool)
{
    const Leg *found = &w->legs[pool->legs[0]];
    for (int k = 1; k < pool->n_legs; k++)
        if (w->legs[pool->legs[k]].notional > found->notional)
            found = &w->legs[pool->legs[k]];
    return found->underlying;
}

/* Which cross pools count: those in which something is at stake, where any is. */
static int mark_occupied(Work *w)
{
    int occupied = 0;
    for (int k = 0; k < w->n_pools; k++) {
        Pool *pool = &w->pools[k];
        pool->only = pool->shared && (pool->n_legs || pool->initial > 0 || pool->maintenance > 0);
        occupied |= pool->only;
    }
    return occupied;
}

static void judge_pool(const Book *book, const Pool *pool, Verdict *verdict)
{
    judge_ratio(verdict, book->limits, MC101, used_of(pool), equity_of(pool));
    judge_ratio(verdict, book->limits, MC103, kept_of(pool), equity_of(pool));
}

/* The smallest move of one underlying that liquidates a cross pool, and the limit on it. */
static int nearest_move(const Book *book, Work *w, Nearest *best, Verdict *verdict)
{
    int occupied = mark_occupied(w), dead = 0, why;
    for (int k = 0; k < w->n_pools; k++)
        dead |= w->pools[k].shared && w->pools[k].liquidatable;
    if (dead)
        *best = (Nearest){0, 0, 0, NONE, 1};
    for (int k = 0; k < w->n_pools; k++) {
        Pool *pool = &w->pools[k];
        if (!pool->shared || (occupied && !pool->only))
            continue;
        judge_pool(book, pool, verdict);
        if (pool->liquidatable)
            judge_distance(verdict, book->limits, MC102, 0, 0);
        if (verdict->why || dead || !can_cross(pool))
            continue;
        if (pool->n_legs && (why = row_of(book, w, pool, heaviest(w, pool), best, verdict)))
            return why;
        for (int j = 0; j < pool->n_legs; j++) {
            const Leg *leg = &w->legs[pool->legs[j]];
            const Contract *c = &book->contracts[leg->contract];
            if ((why = row_of(book, w, pool, leg->underlying, best, verdict))
                || (why = row_of(book, w, pool, c->quote == c->settle ? leg->settle : leg->driver, best, verdict)))
                return why;
        }
        for (int j = 0; j < pool->n_holds; j++)
            if ((why = row_of(book, w, pool, pool->holds[j].local, best, verdict)))
                return why;
    }
    return verdict->why;
}

/* All assets together, pool by pool, and isolated pools by what moves them. */
static int distances(const Book *book, Work *w, double *down, double *up, double *isolated, Verdict *verdict)
{
    for (int k = 0; k < w->n_pools; k++) {
        Pool *pool = &w->pools[k];
        double off = 0, least = pool->liquidatable ? 0 : NONE;
        pool->down = pool->up = least;
        if (can_cross(pool)) {
            Found falls, rises;
            cross_together(w, pool, &falls, &rises);
            if (falls.why || rises.why)
                return falls.why ? falls.why : rises.why;
            pool->down = falls.u, pool->up = rises.u;
            off = larger(falls.off, rises.off);
            least = nearer(falls.u, rises.u);
        }
        *down = nearer(*down, pool->down);
        *up = nearer(*up, pool->up);
        if (pool->shared) {
            judge_distance(verdict, book->limits, MC102, pool->liquidatable ? NONE : least, off);
            continue;
        }
        double alone = pool->liquidatable ? 0 : NONE;
        const Leg *leg = &w->legs[pool->legs[0]];
        int other = leg->underlying == leg->driver ? leg->settle : leg->driver, first = 0;
        if (w->locals[leg->underlying].beta == 1 && w->locals[other].beta == 0)
            alone = least, first = 1; /* what moves together is the underlying alone */
        for (int row = first; row < 2 && can_cross(pool); row++) {
            int local = row ? leg->settle : leg->underlying;
            if (row && (local == leg->underlying || !(w->locals[local].flags & VOLATILE)))
                continue;
            Path path;
            lay_alone(&path, w, pool, local, -1);
            Found falls = cross_alone(&path, 1);
            turn(&path);
            Found rises = cross_alone(&path, INFINITY);
            untouch(&path);
            if (falls.why || rises.why)
                return falls.why ? falls.why : rises.why;
            alone = nearer(alone, nearer(falls.u, rises.u));
            off = larger(off, larger(falls.off, rises.off));
        }
        *isolated = nearer(*isolated, alone);
        judge_distance(verdict, book->limits, MC106, nearer(least, alone), off);
    }
    return verdict->why;
}

static double shown(double u, double side) { return u == NONE ? NAN : u == 0 ? 0 : side * u; }

static int figures(const Book *book, Work *w, Results *out, Py_ssize_t i)
{
    Sized equity = {0, 0}, gross = {0, 0}, usable = {0, 0}, usable_used = {0, 0};
    double held = 0, held_gross = 0, pnl = 0, initial = 0, maintenance = 0, bound = 0, all_bound = 0;
    int unsure = 0, state = HEALTHY, liquidatable = 0, why;
    Verdict verdict = {DECIDED, 0, 0};
    for (int k = 0; k < w->n_pools; k++) {
        Pool *pool = &w->pools[k];
        double level = pool->rules->level, warning = pool->rules->warning;
        equity.amount += pool->equity;
        equity.off += pool->e_equity;
        initial += pool->initial;
        maintenance += pool->maintenance;
        bound += pool->e_equity + pool->e_maintenance;
        all_bound += pool->e_buffer + pool->e_initial + (level < 1 ? pool->e_maintenance : 0);
        liquidatable |= pool->liquidatable;
        for (int j = 0; j < pool->n_holds; j++) {
            held += pool->holds[j].balance * pool->holds[j].price;
            held_gross += fabs(pool->holds[j].balance) * pool->holds[j].price;
        }
        if (pool->shared) {
            usable.amount += pool->equity, usable.off += pool->e_equity;
            usable_used.amount += pool->initial, usable_used.off += pool->e_initial;
        }
        if (!isnan(warning) && pool->maintenance > 0) {
            double over_level = pool->equity - warning * pool->maintenance;
            unsure |= fabs(over_level) <= pool->e_equity + warning * pool->e_maintenance;
            if (over_level <= 0)
                state = MARGIN_CALL;
        }
        double free = pool->equity - pool->initial, off = pool->e_equity + pool->e_initial;
        if (pool->shared && off > 0) {
            unsure |= fabs(free) <= off;
            if (free < 0 && state == HEALTHY)
                state = RESTRICTED;
        }
    }
    for (int k = 0; k < w->n_legs; k++) {
        gross.amount += w->legs[k].notional;
        pnl += w->legs[k].exposure * (w->legs[k].notional - w->legs[k].entry);
    }
    gross.off = 8 * UNIT * (w->n_legs + 16) * gross.amount;
    if (all_bound > BOUND_SHARE * (held_gross + gross.amount))
        return WHY_BOUND;
    const Pool *worst = worst_of(w, &unsure);
    if (worst->shared)
        usable = equity_of(worst), usable_used = used_of(worst);
    double *f = out->figures + i;
    Py_ssize_t n = out->n;
    f[EQUITY * n] = equity.amount;
    f[GROSS_COLLATERAL * n] = held;
    f[UNREALIZED_PNL * n] = pnl;
    f[INITIAL_MARGIN * n] = initial;
    f[MAINTENANCE_MARGIN * n] = maintenance;
    f[GROSS_NOTIONAL * n] = gross.amount;
    f[LEVERAGE * n] = over(gross, equity, &unsure);
    f[FREE_COLLATERAL * n] = usable.amount - usable_used.amount;
    f[BUFFER * n] = worst->buffer;
    f[UTILIZATION * n] = over(usable_used, usable, &unsure);
    f[MAINTENANCE_RATIO * n] = over(kept_of(worst), equity_of(worst), &unsure);
    f[ERROR_BOUND * n] = bound;
    if (unsure)
        return WHY_FIGURE;
    double down = NONE, up = NONE, isolated = NONE;
    Nearest best = {NONE, 0, 0, NONE, 0};
    judge_ratio(&verdict, book->limits, MC104, gross, equity);
    judge_concentration(book, w, &verdict);
    if (verdict.why || (why = distances(book, w, &down, &up, &isolated, &verdict)))
        return verdict.why ? verdict.why : why;
    if ((why = nearest_move(book, w, &best, &verdict)) || (why = verdict.why))
        return why;
    f[LIQUIDATION_DOWN * n] = shown(down, -1);
    f[LIQUIDATION_UP * n] = shown(up, 1);
    f[LIQUIDATION_DISTANCE * n] = shown(nearer(down, up), 1);
    f[NEAREST_DISTANCE * n] = best.exists ? best.distance : NAN;
    f[NEAREST_MOVE * n] = best.exists ? best.move : NAN;
    f[ISOLATED_DISTANCE * n] = shown(isolated, 1);
    out->codes[OUT_POOL * n + i] = worst->code;
    out->codes[OUT_ASSET * n + i] = best.asset;
    out->marks[OUT_STATE * n + i] = (uint8_t)(liquidatable ? LIQUIDATION : state);
    out->marks[OUT_LIQUIDATABLE * n + i] = (uint8_t)liquidatable;
    out->marks[OUT_FAILED * n + i] = (uint8_t)(verdict.failed | liquidatable);
    out->marks[OUT_WARNED * n + i] = (uint8_t)(verdict.warned & ~verdict.failed);
    return DECIDED;
}

/* An account as far as its pools, each with what it has and needs. */
static int weighed(const Book *book, const Batch *b, Work *w, Py_ssize_t i)
{
    int why;
    w->n_locals = w->n_legs = w->n_holds = w->n_pools = w->n_slots = w->n_groups = 0;
    w->n_touched_holds = w->n_touched_legs = 0;
    if (b->marks[i] & LEFT_OUT)
        return WHY_INPUT;
    const Variant *v = &book->variants[b->variant[i]];
    const Asset *assets = book->assets + v->assets;
    if ((why = read_balances(b, w, assets, i)) || (why = read_marks(book, b, w, i))
        || (why = read_positions(book, b, w, v, assets, i)) || (why = read_sides(b, w, v, book, i)))
        return why;
    if (!w->n_holds)
        return WHY_INPUT;
    link_legs(w);
    partition(book, w, v);
    for (int k = 0; k < w->n_pools; k++)
        if ((why = weigh(book, w, &w->pools[k], v)))
            return why;
    return DECIDED;
}

static Book under_own_limits(const Book *book, const Batch *b, Py_ssize_t i)
{
    Book own = *book;
    if (b->own_limits)
        own.limits += b->own_limits[i];
    return own;
}

static void forget(Work *w)
{
    for (int k = 0; k < w->n_locals; k++)
        w->local_of[w->locals[k].id] = NONE;
    for (int k = 0; k < w->n_slots; k++)
        w->slot_of[w->slots[k].contract] = NONE;
}

static void run(const Book *book, const Batch *b, Work *w, Results *out)
{
    for (Py_ssize_t i = 0; i < b->n; i++) {
        Book own = under_own_limits(book, b, i);
        int why = weighed(&own, b, w, i);
        if (!why)
            why = figures(&own, w, out, i);
        out->marks[OUT_WHY * out->n + i] = (uint8_t)why;
        forget(w);
    }
}

/* ---- scenarios ---- */

enum { S_CROSSING, S_AFTER, S_SHORTFALL, S_NOTIONAL, N_SCENARIO };
enum { BELOW = 1, IDLE = 2 };

typedef struct { /* straight ways of prices: what each asset moves by, and the tables at the end, one scenario after the other */
    const double *moves, *ratios, *gaps, *steps;
    const Contract *contracts;
    const Asset *assets;
    Py_ssize_t n, n_gaps, n_steps;
} Scenarios;

typedef struct {
    double *figures; /* before; of each scenario N_SCENARIO and the gaps: a row each of n */
    int32_t *pools;  /* liquidated, by scenario */
    uint8_t *marks;  /* why; of each scenario BELOW, IDLE */
    uint8_t *gone;   /* by scenario: position rows in pools that are liquidated */
    Py_ssize_t n, n_positions;
} Stressed;

/* The limits on figures as they stand that fail. */
static int failing(const Book *book, Work *w, Sized gross, Sized equity, int *failed)
{
    Verdict verdict = {DECIDED, 0, 0};
    int occupied = mark_occupied(w);
    judge_ratio(&verdict, book->limits, MC104, gross, equity);
    judge_concentration(book, w, &verdict);
    for (int k = 0; k < w->n_pools; k++)
        if (w->pools[k].shared && (!occupied || w->pools[k].only))
            judge_pool(book, &w->pools[k], &verdict);
    *failed = verdict.failed;
    return verdict.why;
}

typedef struct {
    Sized equity, gross;
    double shortfall, whole; /* whole: all that is held and traded */
} Standing;

/* What the pools come to; ``ends``: whether it is told of each if anything is left. */
static int standing(const Work *w, int ends, Standing *found)
{
    memset(found, 0, sizeof *found);
    for (int k = 0; k < w->n_pools; k++) {
        const Pool *pool = &w->pools[k];
        found->equity.amount += pool->equity;
        found->equity.off += pool->e_equity;
        if (ends && pool->e_equity > 0 && fabs(pool->equity) <= pool->e_equity)
            return WHY_HEALTH;
        if (pool->equity < 0)
            found->shortfall -= pool->equity;
        for (int j = 0; j < pool->n_holds; j++)
            found->whole += fabs(pool->holds[j].balance) * pool->holds[j].price;
    }
    for (int k = 0; k < w->n_legs; k++)
        found->gross.amount += w->legs[k].notional;
    found->gross.off = 8 * UNIT * (w->n_legs + 16) * found->gross.amount;
    found->whole += found->gross.amount;
    return found->equity.off > BOUND_SHARE * found->whole ? WHY_BOUND : DECIDED;
}

/* What is lost in a pool that is closed a gap of the way behind its crossing, for every gap. */
static int closed_later(const Scenarios *s, Work *w, Pool *pool, Found crossing, double whole, double *losses)
{
    Path path;
    int why = DECIDED;
    lay_together(&path, w, pool, 1, 0);
    for (Py_ssize_t k = 0; k < s->n_gaps && !why; k++) {
        At line;
        double place = smaller(1, crossing.u + s->gaps[k]), level = pool->rules->level;
        line_at(&path, place, place, &line);
        double equity = line.value + level * line.need + (line.slope + level * line.need_slope) * place;
        double off = bound_at(&path, &line, place) + 2 * (path.moving + line.size_slope) * (crossing.off + 4 * UNIT);
        if (fabs(equity) <= off)
            why = WHY_HEALTH;
        else if (off > BOUND_SHARE * whole)
            why = WHY_BOUND;
        else if (equity < 0)
            losses[k] -= equity;
    }
    untouch(&path);
    return why;
}

static int moves_anything(const Work *w)
{
    for (int k = 0; k < w->n_locals; k++)
        if (w->locals[k].move != 0)
            return 1;
    return 0;
}

/* Where a pool is liquidated on the way; of several scenarios each begins anew. */
static int on_the_way(const Scenarios *s, Work *w, Pool *pool, Found *found)
{
    Found now = {DECIDED, pool->liquidatable ? 0 : NONE, 0};
    *found = now;
    if (pool->liquidatable || !can_cross(pool))
        return DECIDED;
    *found = cross_stretches(w, pool, 1, 1);
    if (found->why)
        return found->why;
    for (Py_ssize_t k = 0; k < s->n_steps && found->u != NONE; k++)
        if (fabs(found->u - s->steps[k]) <= 2 * found->off)
            return WHY_PATH;
    return DECIDED;
}

static void mark_rows(const Batch *b, const Work *w, const char *dead, uint8_t *gone, Py_ssize_t i)
{
    for (int64_t row = b->position_ends[i]; row < b->position_ends[i + 1]; row++) {
        int marks = b->position_marks[row], isolated = (marks & ISOLATED) != 0;
        int leg = w->slots[w->slot_of[b->symbol[row]]].leg[2 * isolated + (side_of(marks, b->quantity[row]) < 0)];
        gone[row] = (uint8_t)dead[w->legs[leg].pool];
    }
}

/* One account through one scenario; ``now``: the limits that fail before it. */
static int through(const Book *book, const Scenarios *s, const Batch *b, Work *w, Work *after, Py_ssize_t k, Py_ssize_t i, int now,
                   const Standing *before, char *dead, Stressed *out)
{
    Py_ssize_t n = out->n, row = 1 + k * (N_SCENARIO + s->n_gaps);
    double *f = out->figures + row * n + i, notional = 0, first = NONE;
    double losses[MOST_GAPS] = {0};
    int why, pools = 0, failed = 0;
    Book moved = *book;
    moved.contracts = s->contracts + k * book->n_contracts;
    moved.assets = s->assets + k * book->n_asset_rows;
    after->today = book;
    after->ratio = s->ratios + k * book->n_contracts;
    Standing end;
    if ((why = weighed(&moved, b, after, i)) || (why = standing(after, 1, &end)))
        return why;
    for (int j = 0; j < w->n_locals; j++)
        w->locals[j].move = s->moves[k * book->n_assets + w->locals[j].id];
    for (int j = 0; j < w->n_pools; j++) {
        Pool *pool = &w->pools[j];
        Found found;
        if ((why = on_the_way(s, w, pool, &found)))
            return why;
        dead[j] = found.u != NONE;
        if (!dead[j])
            continue;
        pools++;
        first = nearer(first, found.u);
        for (int leg = 0; leg < pool->n_legs; leg++)
            notional += w->legs[pool->legs[leg]].notional;
        if (s->n_gaps && (why = closed_later(s, w, pool, found, smaller(before->whole, end.whole), losses)))
            return why;
    }
    if (!pools && (why = failing(&moved, after, end.gross, end.equity, &failed)))
        return why;
    f[S_CROSSING * n] = shown(first, 1);
    f[S_AFTER * n] = end.equity.amount;
    f[S_SHORTFALL * n] = end.shortfall;
    f[S_NOTIONAL * n] = notional;
    for (Py_ssize_t j = 0; j < s->n_gaps; j++)
        f[(N_SCENARIO + j) * n] = losses[j];
    out->pools[k * n + i] = pools;
    out->marks[(1 + k) * n + i] = (uint8_t)(BELOW * ((failed & ~now) != 0) | IDLE * !moves_anything(w));
    if (pools)
        mark_rows(b, w, dead, out->gone + k * out->n_positions, i);
    return DECIDED;
}

static int stressed(const Book *book, const Scenarios *s, const Batch *b, Work *w, Work *after, char *dead, Stressed *out, Py_ssize_t i)
{
    Standing before;
    int now = 0, why = weighed(book, b, w, i);
    if (why || (why = standing(w, 0, &before)) || (why = failing(book, w, before.gross, before.equity, &now)))
        return why;
    out->figures[i] = before.equity.amount;
    for (Py_ssize_t k = 0; k < s->n && !why; k++) {
        why = through(book, s, b, w, after, k, i, now, &before, dead, out);
        forget(after);
    }
    return why;
}

static void run_stress(const Book *book, const Scenarios *s, const Batch *b, Work *w, Work *after, char *dead, Stressed *out)
{
    for (Py_ssize_t i = 0; i < b->n; i++) {
        Book own = under_own_limits(book, b, i);
        out->marks[i] = (uint8_t)stressed(&own, s, b, w, after, dead, out, i);
        forget(w);
    }
}

/* ---- what comes in ---- */

typedef struct {
    Py_buffer view;
    Py_ssize_t count;
    int held;
} Buffer;

static int take(PyObject *object, Buffer *buffer, size_t item, int writable)
{
    if (object == Py_None)
        return 1;
    if (PyObject_GetBuffer(object, &buffer->view, writable ? PyBUF_CONTIG : PyBUF_CONTIG_RO) < 0)
        return 0;
    buffer->held = 1;
    buffer->count = buffer->view.len / (Py_ssize_t)item;
    if (buffer->view.len % (Py_ssize_t)item || ((uintptr_t)buffer->view.buf % (item < 8 ? item : 8) && buffer->count)) {
        PyErr_SetString(PyExc_ValueError, "a buffer is not made of whole, aligned items");
        return 0;
    }
    return 1;
}

static int within(int64_t begin, int64_t end, int64_t count) { return 0 <= begin && begin <= end && end <= count; }

static const char *checked_book(const Book *b)
{
    if (b->n_assets < 1)
        return "tables without assets";
    for (Py_ssize_t k = 0; k < b->n_limits; k++)
        if (b->limits[k].bare < 0 || (int64_t)b->limits[k].bare + 2 > b->n_pieces)
            return "tables without the curve of what counts in full";
    for (Py_ssize_t k = 0; k < b->n_contracts; k++) {
        const Contract *c = &b->contracts[k];
        const int32_t ids[] = {c->base, c->quote, c->settle, c->driver, c->underlying};
        for (int j = 0; j < 5; j++)
            if (ids[j] < 0 || ids[j] >= b->n_assets)
                return "a contract on an asset that is none";
        if (!within(c->tiers, c->tiers_end, b->n_tiers) || !within(c->curve, c->curve_end, b->n_pieces))
            return "a contract with tiers outside the table";
        if (c->tiers_end > c->tiers && c->curve_end == c->curve)
            return "a contract with tiers and no curve";
    }
    for (Py_ssize_t k = 0; k < b->n_asset_rows; k++)
        if (!within(b->assets[k].curve, b->assets[k].curve_end, b->n_pieces) || b->assets[k].curve == b->assets[k].curve_end)
            return "an asset with a curve outside the table";
    for (Py_ssize_t k = 0; k < b->n_variants; k++)
        if (!within(b->variants[k].assets, (int64_t)b->variants[k].assets + b->n_assets, b->n_asset_rows))
            return "a variant with assets outside the table";
    return NULL;
}

static const char *checked_offsets(const int64_t *ends, Py_ssize_t n, Py_ssize_t rows, Py_ssize_t *most)
{
    if (ends[0] < 0 || ends[n] > rows)
        return "offsets outside the rows";
    for (Py_ssize_t k = 0; k < n; k++) {
        if (ends[k + 1] < ends[k] || ends[k + 1] > rows)
            return "offsets that fall";
        if (ends[k + 1] - ends[k] > *most)
            *most = ends[k + 1] - ends[k];
    }
    return *most > 50000000 ? "an account with too many rows" : NULL;
}

static const char *checked_codes(const int32_t *codes, Py_ssize_t count, int64_t least, int64_t end)
{
    for (Py_ssize_t k = 0; k < count; k++)
        if (codes[k] < least || codes[k] >= end)
            return "a code outside its table";
    return NULL;
}

static void *room(size_t count, size_t item) { return PyMem_RawCalloc(count ? count : 1, item); }

static int make_room(Work *w, const Book *b, size_t balances, size_t rows)
{
    size_t holds = balances + 2 * rows + 1;
    w->locals = room(balances + 4 * rows + 1, sizeof(Local));
    w->legs = room(rows, sizeof(Leg));
    w->holds = room(holds, sizeof(Hold));
    w->pools = room(holds, sizeof(Pool));
    w->slots = room(rows, sizeof(Slot));
    w->groups = room(rows, sizeof(Group));
    w->members = room(rows, sizeof(int));
    w->touched_holds = room(holds, sizeof(int));
    w->touched_legs = room(rows, sizeof(int));
    w->cuts = room(MOST_CUTS, sizeof(double));
    w->local_of = room((size_t)b->n_assets, sizeof(int));
    w->slot_of = room((size_t)b->n_contracts, sizeof(int));
    if (!w->locals || !w->legs || !w->holds || !w->pools || !w->slots || !w->groups || !w->members || !w->touched_holds
        || !w->touched_legs || !w->cuts || !w->local_of || !w->slot_of)
        return 0;
    for (int k = 0; k < b->n_assets; k++)
        w->local_of[k] = NONE;
    for (Py_ssize_t k = 0; k < b->n_contracts; k++)
        w->slot_of[k] = NONE;
    return 1;
}

static void free_room(Work *w)
{
    void *all[] = {w->locals, w->legs, w->holds, w->pools, w->slots, w->groups, w->members, w->touched_holds,
                   w->touched_legs, w->cuts, w->local_of, w->slot_of};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        PyMem_RawFree(all[k]);
}

enum { N_TABLES = 6, N_COLUMNS = 19, N_OUT = 3, N_WAYS = 6, N_STRESSED = 4, N_BUFFERS = N_TABLES + N_COLUMNS + N_WAYS + N_STRESSED };

static const size_t TABLE_ITEMS[N_TABLES] = {sizeof(Piece), sizeof(Tier), sizeof(Contract), sizeof(Asset), sizeof(Variant),
                                             sizeof(Limits)};
/* balance ends, position ends, variant, marks; asset, amount, marks of balances; symbol, marks of positions, quantity and
 * eight columns that may be missing; limits by account, which may be missing too */
static const size_t COLUMN_ITEMS[N_COLUMNS] = {8, 8, 4, 1, 4, 8, 1, 4, 1, 8, 8, 8, 8, 8, 8, 8, 8, 8, 4};
static const size_t OUT_ITEMS[N_OUT] = {8, 4, 1};
/* moves, ratios, gaps, steps, contracts, assets; figures, pools, marks, rows that are gone */
static const size_t WAY_ITEMS[N_WAYS] = {8, 8, 8, 8, sizeof(Contract), sizeof(Asset)};
static const size_t STRESSED_ITEMS[N_STRESSED] = {8, 4, 1, 1};

typedef struct {
    Buffer all[N_BUFFERS];
    int n;
} Buffers;

/* The buffers of a tuple, behind those that are there; NULL with an exception. */
static Buffer *taken(Buffers *buffers, PyObject *objects, const size_t *items, int count, int writable)
{
    Buffer *first = buffers->all + buffers->n;
    if (PyTuple_GET_SIZE(objects) != count) {
        PyErr_SetString(PyExc_ValueError, "other tables, columns or results than the screen has");
        return NULL;
    }
    for (int k = 0; k < count; k++) {
        int ok = take(PyTuple_GET_ITEM(objects, k), &buffers->all[buffers->n], items[k], writable);
        buffers->n++;
        if (!ok)
            return NULL;
    }
    return first;
}

static void released(Buffers *buffers)
{
    for (int k = 0; k < buffers->n; k++)
        if (buffers->all[k].held)
            PyBuffer_Release(&buffers->all[k].view);
}

static const char *gathered(Book *book, Batch *b, const Buffer *t, const Buffer *c, Py_ssize_t n, int n_assets,
                            Py_ssize_t *most_balances, Py_ssize_t *most_rows)
{
    *book = (Book){t[0].view.buf, t[1].view.buf, t[2].view.buf, t[3].view.buf, t[4].view.buf, t[5].view.buf, t[0].count,
                   t[1].count, t[2].count, t[3].count, t[4].count, t[5].count, n_assets};
    *b = (Batch){n, c[4].count, c[7].count, c[0].view.buf, c[1].view.buf, c[2].view.buf, c[4].view.buf, c[7].view.buf,
                 c[18].held ? c[18].view.buf : NULL, c[3].view.buf, c[6].view.buf, c[8].view.buf, c[5].view.buf,
                 c[9].view.buf, c[10].view.buf, c[11].view.buf, c[12].view.buf, c[13].view.buf, c[14].view.buf,
                 c[15].view.buf, c[16].view.buf, c[17].view.buf};
    if (n < 0 || t[5].count < 1 || c[0].count != n + 1 || c[1].count != n + 1 || c[2].count != n || c[3].count != n)
        return "columns of accounts that do not fit together";
    if (c[18].held && c[18].count != n)
        return "columns of accounts that do not fit together";
    if (c[5].count != c[4].count || c[6].count != c[4].count || c[8].count != c[7].count)
        return "columns of balances or positions that do not fit together";
    for (int k = 9; k < 18; k++)
        if ((c[k].held || k == 9) && c[k].count != c[7].count)
            return "columns of positions that do not fit together";
    const char *wrong = checked_book(book);
    if (!wrong)
        wrong = checked_offsets(b->balance_ends, n, b->n_balances, most_balances);
    if (!wrong)
        wrong = checked_offsets(b->position_ends, n, b->n_positions, most_rows);
    if (!wrong)
        wrong = checked_codes(b->variant, n, 0, book->n_variants);
    if (!wrong && b->own_limits)
        wrong = checked_codes(b->own_limits, n, 0, book->n_limits);
    if (!wrong)
        wrong = checked_codes(b->asset, b->n_balances, -1, n_assets);
    return wrong ? wrong : checked_codes(b->symbol, b->n_positions, -1, book->n_contracts);
}

static PyObject *ended(Buffers *buffers, const char *wrong, int is_full)
{
    released(buffers);
    if (wrong)
        PyErr_SetString(PyExc_ValueError, wrong);
    else if (is_full)
        PyErr_NoMemory();
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *screen(PyObject *self, PyObject *args)
{
    PyObject *tables, *columns, *results;
    Py_ssize_t n, balances = 0, rows = 0;
    int n_assets, is_full = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!iO!nO!", &PyTuple_Type, &tables, &n_assets, &PyTuple_Type, &columns, &n, &PyTuple_Type,
                          &results))
        return NULL;
    Buffers all = {0};
    const Buffer *t = taken(&all, tables, TABLE_ITEMS, N_TABLES, 0);
    const Buffer *c = t ? taken(&all, columns, COLUMN_ITEMS, N_COLUMNS, 0) : NULL;
    const Buffer *o = c ? taken(&all, results, OUT_ITEMS, N_OUT, 1) : NULL;
    if (!o)
        return ended(&all, NULL, 0);
    Book book;
    Batch batch;
    Work work = {0};
    const char *wrong = gathered(&book, &batch, t, c, n, n_assets, &balances, &rows);
    if (!wrong && (o[0].count != n * N_FIGURES || o[1].count != n * N_CODES || o[2].count != n * N_MARKS))
        wrong = "room for results that does not fit";
    if (!wrong && !(is_full = !make_room(&work, &book, (size_t)balances, (size_t)rows))) {
        Results out = {o[0].view.buf, o[1].view.buf, o[2].view.buf, n};
        Py_BEGIN_ALLOW_THREADS
        run(&book, &batch, &work, &out);
        Py_END_ALLOW_THREADS
    }
    free_room(&work);
    return ended(&all, wrong, is_full);
}

/* Scenarios, whose tables have the offsets of those of today; NULL where they fit. */
static const char *gathered_ways(Scenarios *s, const Book *book, const Buffer *g)
{
    *s = (Scenarios){g[0].view.buf, g[1].view.buf, g[2].view.buf, g[3].view.buf, g[4].view.buf, g[5].view.buf,
                     g[0].count / book->n_assets, g[2].count, g[3].count};
    if (s->n_gaps > MOST_GAPS)
        return "too many gaps";
    if (g[0].count != s->n * book->n_assets || g[1].count != s->n * book->n_contracts
        || g[4].count != s->n * book->n_contracts || g[5].count != s->n * book->n_asset_rows)
        return "scenarios that do not fit the tables";
    for (Py_ssize_t k = 0; k < s->n; k++) {
        Book moved = *book;
        moved.contracts = s->contracts + k * book->n_contracts;
        moved.assets = s->assets + k * book->n_asset_rows;
        const char *wrong = checked_book(&moved);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static PyObject *stress(PyObject *self, PyObject *args)
{
    PyObject *tables, *columns, *ways, *results;
    Py_ssize_t n, balances = 0, rows = 0;
    int n_assets, is_full = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!iO!nO!O!", &PyTuple_Type, &tables, &n_assets, &PyTuple_Type, &columns, &n, &PyTuple_Type,
                          &ways, &PyTuple_Type, &results))
        return NULL;
    Buffers all = {0};
    const Buffer *t = taken(&all, tables, TABLE_ITEMS, N_TABLES, 0);
    const Buffer *c = t ? taken(&all, columns, COLUMN_ITEMS, N_COLUMNS, 0) : NULL;
    const Buffer *g = c ? taken(&all, ways, WAY_ITEMS, N_WAYS, 0) : NULL;
    const Buffer *o = g ? taken(&all, results, STRESSED_ITEMS, N_STRESSED, 1) : NULL;
    if (!o)
        return ended(&all, NULL, 0);
    Book book;
    Batch batch;
    Scenarios s = {0};
    Work work = {0}, after = {0};
    const char *wrong = gathered(&book, &batch, t, c, n, n_assets, &balances, &rows);
    if (!wrong)
        wrong = gathered_ways(&s, &book, g);
    if (!wrong && (o[0].count != n * (1 + s.n * (N_SCENARIO + s.n_gaps)) || o[1].count != n * s.n
                   || o[2].count != n * (1 + s.n) || o[3].count != batch.n_positions * s.n))
        wrong = "room for results that does not fit";
    char *dead = wrong ? NULL : room((size_t)(balances + 2 * rows + 1), 1);
    if (!wrong) {
        is_full = !dead || !make_room(&work, &book, (size_t)balances, (size_t)rows)
                  || !make_room(&after, &book, (size_t)balances, (size_t)rows);
        if (!is_full) {
            Stressed out = {o[0].view.buf, o[1].view.buf, o[2].view.buf, o[3].view.buf, n, batch.n_positions};
            Py_BEGIN_ALLOW_THREADS
            run_stress(&book, &s, &batch, &work, &after, dead, &out);
            Py_END_ALLOW_THREADS
        }
    }
    PyMem_RawFree(dead);
    free_room(&work);
    free_room(&after);
    return ended(&all, wrong, is_full);
}

static PyMethodDef METHODS[] = {
    {"screen", screen, METH_VARARGS,
     "screen(tables, n_assets, columns, n, results): figures, codes and marks of n accounts, written into results.\n\n"
     "Raises ValueError for offsets or codes outside their tables; nothing is written then."},
    {"stress", stress, METH_VARARGS,
     "stress(tables, n_assets, columns, n, scenarios, results): the same accounts through scenarios.\n\n"
     "Raises ValueError for offsets or codes outside their tables; nothing is written then."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot SLOTS[] = {
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_kernel", "The float screen of a book.", 0, METHODS, SLOTS, NULL,
                                    NULL, NULL};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&MODULE); }
