import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "fixtures" / "dash_app"))
sys.path.insert(0, str(Path(__file__).parents[2] / "fixtures" / "signin"))
