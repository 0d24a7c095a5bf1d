# Stands in for Zephyr, which no package registry has: what the sample and the module use of it, as declarations in `include`
# and as these functions. So their CMake files are run and their sources compiled, with the settings of `prj.conf`, but
# nothing is linked.
cmake_minimum_required(VERSION 3.20)
project(zephyr LANGUAGES C)
set(CMAKE_C_STANDARD 11)
add_compile_options(-Wall -Wextra -Werror)
include_directories(${CMAKE_CURRENT_LIST_DIR}/include)
add_library(app OBJECT)

function(zephyr_include_directories)
  target_include_directories(app PRIVATE ${ARGN})
endfunction()

function(zephyr_compile_definitions)
  target_compile_definitions(app PRIVATE ${ARGN})
endfunction()

function(zephyr_library)
endfunction()

function(zephyr_library_sources)
  target_sources(app PRIVATE ${ARGN})
endfunction()

# The defaults of the module's Kconfig, and what the sample sets.
file(STRINGS ${ZEPHYR_EXTRA_MODULES}/zephyr/Kconfig KCONFIG)
foreach(line IN LISTS KCONFIG)
  if(line MATCHES "^config ([A-Z_]+)")
    set(option CONFIG_${CMAKE_MATCH_1})
  elseif(line MATCHES "^\tdefault (.+)")
    set(${option} ${CMAKE_MATCH_1})
  endif()
endforeach()
file(STRINGS ${CMAKE_SOURCE_DIR}/prj.conf SETTINGS REGEX "^CONFIG_")
foreach(setting IN LISTS SETTINGS)
  string(REGEX MATCH "^([A-Z_]+)=(.*)$" matched ${setting})
  set(${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
endforeach()

# The part of the module's description that a build follows.
file(STRINGS ${ZEPHYR_EXTRA_MODULES}/zephyr/module.yml MODULE REGEX "^  cmake: ")
string(REPLACE "  cmake: " "" MODULE ${MODULE})
add_subdirectory(${ZEPHYR_EXTRA_MODULES}/${MODULE} module)
