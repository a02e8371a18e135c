/* Tables of a compiled book, as marginctl.books.compiled lays them out: every offset and code in them is checked before
 * the first account is looked at. Figures are binary64; each was derived in decimals and rounded once. */
#ifndef MARGINCTL_KERNEL_H
#define MARGINCTL_KERNEL_H

#include <stdint.h>

enum { LINEAR, INVERSE, UNMODELLED };
enum { NET_NONE, NET_LARGER, NET_NET, NET_HEDGED };
enum { AT_MARK, AT_ENTRY };
enum { FEE_NONE, FEE_MARK, FEE_BANKRUPTCY };
enum { FEE_IN_MAINTENANCE, FEE_IN_BOTH };
enum { MC101, MC102, MC103, MC104, MC106, MC107, N_LIMITS };
enum { HEALTHY, RESTRICTED, MARGIN_CALL, LIQUIDATION };

/* Contract.flags */
enum { BY_QUANTITY = 1, ALL_INITIAL = 2, JUMPS = 4 };
/* Asset.flags */
enum { KNOWN = 1, VOLATILE = 2, CURRENCY = 4, NO_DEBT = 8, FALLS = 16 };
/* Piece.flags: of the border above it */
enum { JUMP = 1, BEGINS = 2 };
/* flags of position rows (AUX: what must not differ between rows of one position); 0 in the lowest two bits: the side is the sign of the quantity */
enum { SIDE_LONG = 1, SIDE_SHORT = 2, ISOLATED = 4, BAD = 8, ON_GRID = 16, AUX = 32 };
/* flags of account rows */
enum { LEFT_OUT = 1, HEDGE_MODE = 2 };

/* Why an account is left to decimals. */
enum { DECIDED, WHY_INPUT, WHY_UNMODELLED, WHY_FIGURE, WHY_HEALTH, WHY_LIMIT, WHY_PATH, WHY_TIE, WHY_BORDER, WHY_BOUND };

typedef struct {
    double border, slope, intercept; /* y = slope * x + intercept for x <= border */
    int32_t flags, pad;
} Piece;

typedef struct {
    double up_to, rate, deduction, initial; /* initial 0 where a tier has none */
} Tier;

typedef struct {
    double size, mark; /* mark NaN where no price gives one */
    int32_t base, quote, settle, driver, underlying;
    int32_t tiers, tiers_end, curve, curve_end;
    int32_t type, flags, pad;
} Contract;

typedef struct {
    double price, beta, loan_rate, weight, largest, steepest;
    int32_t curve, curve_end, flags, pad;
} Asset;

typedef struct {
    double level, warning; /* warning NaN: the venue has none */
    int32_t netting, underlying_netting, initial_basis, maintenance_basis, close_fee, close_fee_in;
} Rules;

typedef struct {
    Rules cross, isolated;
    double taker_fee;
    int32_t assets; /* where its assets begin */
    int32_t multi, offers_isolated, offers_hedge;
} Variant;

typedef struct {
    double fail[N_LIMITS], warn[N_LIMITS]; /* NaN: not limited */
    int32_t fail_alone, warn_alone;        /* whether a concentration of 1 is above the limit */
    int32_t apart, bare;                   /* isolated margins beside the balances; the curve of what counts in full */
} Limits;

enum {
    EQUITY, GROSS_COLLATERAL, UNREALIZED_PNL, INITIAL_MARGIN, MAINTENANCE_MARGIN, GROSS_NOTIONAL, LEVERAGE,
    FREE_COLLATERAL, BUFFER, UTILIZATION, MAINTENANCE_RATIO, LIQUIDATION_DOWN, LIQUIDATION_UP, LIQUIDATION_DISTANCE,
    NEAREST_DISTANCE, NEAREST_MOVE, ISOLATED_DISTANCE, ERROR_BOUND, N_FIGURES
};
enum { OUT_POOL, OUT_ASSET, N_CODES };
enum { OUT_WHY, OUT_STATE, OUT_LIQUIDATABLE, OUT_FAILED, OUT_WARNED, N_MARKS };

#endif
