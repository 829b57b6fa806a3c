"""LIBERO-90 in MuJoCo: tasks, assets, environment, rendering, video."""
