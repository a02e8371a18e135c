"""Published and recorded figures of venues and engines, computed with this one."""
