"""Pages about flows: what waits for one's approval, and the settings of flows by place."""
